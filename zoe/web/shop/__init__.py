"""The shop: what a person can start here, from ZApp types and from folders of ready-made ZApps."""
