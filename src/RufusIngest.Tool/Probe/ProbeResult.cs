using System.Text.Json;
using System.Text.Json.Serialization;
using RufusIngest.Cloud;
using Spectre.Console;

namespace RufusIngest.Tool.Probe;

/// <summary>What a probe came to, as a table for people and as JSON for scripts.</summary>
sealed record ProbeResult(CloudProfile Profile, IReadOnlyList<ProbeRow> Rows, int Exchanges)
{
    /// <summary>What the API's pages leave open and no probe finds out.</summary>
    static readonly string[] _notTried =
    [
        "request rate and size in bytes", "telemetry", "participants", "permitted values of type and status",
        "a serial number bound to another company", "whether sessions close on their own", "spans of time",
    ];

    static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    IEnumerable<string> Open => Rows.Where(row => row.Finding.Value is null).Select(row => row.Experiment.Question);

    public void WriteTable(IAnsiConsole console)
    {
        Table table = new() { Border = TableBorder.Simple };
        foreach (string name in new[] { "Question", "Tried", "Result", "Seen" })
            table.AddColumn(name);
        foreach (var (experiment, finding) in Rows)
        {
            table.AddRow(
                Markup.Escape(experiment.Question), Markup.Escape(experiment.Tried),
                Markup.Escape(finding.Value ?? "not known"), Markup.Escape(finding.Seen));
        }

        console.Write(table);
        string open = string.Join(", ", Open);
        console.MarkupLineInterpolated($"Still open: {(open.Length > 0 ? open : "nothing that was asked")}.");
        console.MarkupLineInterpolated($"Not tried by any probe: {string.Join(", ", _notTried)}.");
        console.MarkupLineInterpolated($"{Exchanges:N0} exchanges with {Profile.Address}.");
    }

    public void WriteJson(TextWriter output) => output.WriteLine(JsonSerializer.Serialize(
        new
        {
            Profile = JsonSerializer.Deserialize<JsonElement>(Profile.ToUtf8Json()),
            Exchanges,
            Findings = Rows.Select(row => new
            {
                row.Experiment.Question,
                row.Experiment.Tried,
                Result = row.Finding.Value,
                row.Finding.Seen,
            }),
            Open,
            NotTried = _notTried,
        },
        _json));
}
