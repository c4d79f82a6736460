@transient val spark = org.apache.spark.sql.SparkSession.builder().getOrCreate()
@transient val sc = spark.sparkContext
// What is interrupted leaves its workers at once.
sc.setLocalProperty("spark.job.interruptOnCancel", "true")
import spark.implicits._
import spark.sql
import org.apache.spark.sql.functions._

object display extends Serializable {
  import org.apache.spark.sql.Dataset

  private def send(mime: String, bytes: Array[Byte]): Unit = {
    val mark = "\u0002" + mime + ";" + java.util.Base64.getEncoder.encodeToString(bytes) + "\u0003"
    System.out.print(mark)
    System.out.flush()
  }
  private def escaped(cell: Any): String =
    String.valueOf(cell).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

  def html(text: String): Unit = send("text/html", text.getBytes("UTF-8"))
  def svg(text: String): Unit = send("image/svg+xml", text.getBytes("UTF-8"))
  def png(bytes: Array[Byte]): Unit = send("image/png", bytes)
  def vegaLite(spec: String): Unit = send("application/vnd.vegalite.v5+json", spec.getBytes("UTF-8"))

  def picture(image: java.awt.image.RenderedImage): Unit = {
    val bytes = new java.io.ByteArrayOutputStream
    javax.imageio.ImageIO.write(image, "png", bytes)
    png(bytes.toByteArray)
  }
  def table(frame: Dataset[_], rows: Int = 20): Unit = {
    val head = frame.columns.map(name => "<th>" + escaped(name) + "</th>").mkString
    val body = frame.toDF().take(rows).map(_.toSeq.map(cell => "<td>" + escaped(cell) + "</td>").mkString("<tr>", "", "</tr>"))
    html("<table><thead><tr>" + head + "</tr></thead><tbody>" + body.mkString + "</tbody></table>")
  }

  private def chart(mark: String, frame: Dataset[_], x: String, y: String, xType: String): Unit = {
    val rows = frame.toDF().select(col(x).as("x"), col(y).as("y")).limit(5000).toJSON.collect()
    def quoted(text: String) = "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\""
    vegaLite(
      s"""{"data": {"values": [${rows.mkString(",")}]}, "mark": {"type": "$mark", "tooltip": true}, "width": 480,
         | "encoding": {"x": {"field": "x", "type": "$xType", "sort": null, "title": ${quoted(x)}},
         | "y": {"field": "y", "type": "quantitative", "title": ${quoted(y)}}}}""".stripMargin)
  }
  def bars(frame: Dataset[_], x: String, y: String): Unit = chart("bar", frame, x, y, "nominal")
  def line(frame: Dataset[_], x: String, y: String): Unit = chart("line", frame, x, y, "quantitative")
  def points(frame: Dataset[_], x: String, y: String): Unit = chart("point", frame, x, y, "quantitative")

  def apply(shown: Any): Unit = shown match {
    case frame: Dataset[_] => table(frame)
    case image: java.awt.image.RenderedImage => picture(image)
    case other => html("<pre>" + escaped(other) + "</pre>")
  }
}
