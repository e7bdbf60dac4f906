using System.Globalization;
using System.Text;
using RufusIngest.Journal;
using RufusIngest.Passings;

namespace RufusIngest.Tool;

/// <summary>The passings of a journal as a replay makes them, with what became of each, as CSV or JSON lines.</summary>
sealed class JournalExport(TextWriter output, bool csv, IReadOnlyList<StoredSession> sessions)
{
    const string Head =
        "location,session,num_passing,bib,chip,timestamp,first,last,hits,antennas,rssi,policy,flags,state";

    readonly PassingStates _states = new(sessions);

    public int Count { get; private set; }

    public void WriteHead()
    {
        if (csv)
            output.WriteLine(Head);
    }

    public void Write(PassingBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            string item = Encoding.UTF8.GetString(batch.GetItem(i));
            output.WriteLine(csv ? CsvLine(batch, batch.Passings[i], item) : JsonLine(batch, batch.Passings[i], item));
            Count++;
        }
    }

    string CsvLine(PassingBatch batch, in Passing passing, string item) => string.Join(',', new[]
    {
        batch.Location, Number(batch.Session), Number(passing.Number), Bib(item), passing.Chip.ToString(),
        Times.Utc(passing.Time), Times.Utc(passing.First), Times.Utc(passing.Last), Number(passing.Hits),
        $"{passing.Antennas:x}", Rssi(passing), passing.Policy.ToString(), passing.Flags.ToString(),
        _states.Of(batch, passing.Number),
    }.Select(Quoted));

    string JsonLine(PassingBatch batch, in Passing passing, string item) => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"location\":{Json(batch.Location)},\"session\":{batch.Session},\"passing\":{item},"
        + $"\"first\":\"{Times.Utc(passing.First)}\",\"last\":\"{Times.Utc(passing.Last)}\",\"hits\":{passing.Hits},"
        + $"\"policy\":\"{passing.Policy}\",\"flags\":\"{passing.Flags}\",\"state\":\"{_states.Of(batch, passing.Number)}\"}}");

    static string Bib(string item)
    {
        using var document = System.Text.Json.JsonDocument.Parse(item);
        return document.RootElement.GetProperty("bib").GetString() ?? "";
    }

    static string Rssi(in Passing passing) => passing.BestRssiCentiDbm == Reads.ChipRead.NoRssi
        ? ""
        : (passing.BestRssiCentiDbm / 100m).ToString(CultureInfo.InvariantCulture);

    static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    static string Json(string text) => $"\"{System.Text.Json.JsonEncodedText.Encode(text)}\"";

    static string Quoted(string field) =>
        field.AsSpan().IndexOfAny(",\"\r\n") < 0 ? field : $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
