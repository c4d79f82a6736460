// JupyterLab drops a cell that is run while its kernel is still starting, and says nothing (its issue 8490): the
// notebook has no session yet, and without one `CodeCell.execute` only clears the cell. This holds such a cell until
// there is a session, then lets JupyterLab run it. In place of a build: what webpack would make of a plugin.
(function () {
  "use strict";

  let shared = {};

  async function library(name) {
    const versions = Object.values(shared[name] || {});
    return versions.length ? (await versions[0].get())() : null;
  }

  function nextSession(context) {
    return new Promise((resolve) => {
      const heard = () => {
        context.sessionChanged.disconnect(heard);
        resolve();
      };
      context.sessionChanged.connect(heard);
    });
  }

  async function kernelIsThere(context) {
    await context.initialize();
    // A kernel that a person has just chosen has a name before it has a session.
    if (!context.isDisposed && !context.hasNoKernel && !(context.session && context.session.kernel)) {
      await nextSession(context);
    }
  }

  function holding(runCell) {
    return async (wanted) => {
      const context = wanted.sessionContext;
      if (context && wanted.cell.model.type === "code" && !(context.session && context.session.kernel)) {
        wanted.cell.model.executionState = "running";
        await kernelIsThere(context);
      }
      return runCell(wanted);
    };
  }

  async function plugin() {
    const notebook = await library("@jupyterlab/notebook");
    return {
      id: "zoe-lab:early-cells",
      description: "Runs a cell as soon as its kernel is there.",
      autoStart: true,
      provides: notebook.INotebookCellExecutor,
      activate: () => Object.freeze({ runCell: holding(notebook.runCell) }),
    };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["zoe-lab"] = {
    init(scope) {
      shared = scope;
    },
    async get() {
      const made = await plugin();
      return () => ({ __esModule: true, default: made });
    },
  };
})();
