using System.Globalization;
using System.Text.Json;
using RufusIngest.Cloud;
using Spectre.Console;

namespace RufusIngest.Tool.Relay;

/// <summary>What a relay came to, as a table for people and as JSON for scripts.</summary>
/// <param name="sessions">All that the state file knows.</param>
/// <param name="upload">What was sent in this run.</param>
/// <param name="elapsed">How long it ran.</param>
/// <param name="wasEnded">Somebody ended it.</param>
sealed class RelayReport(
    IReadOnlyList<RelayedSession> sessions, UploadCounters upload, TimeSpan elapsed, bool wasEnded)
{
    /// <summary>Passings that the venue server has and that are neither at the cloud nor set aside.</summary>
    public long Left => sessions.Sum(session => session.Left);

    public void WriteTable(IAnsiConsole console)
    {
        Table table = new() { Border = TableBorder.Simple };
        table.AddColumn("Device");
        table.AddColumn(new TableColumn("Session").RightAligned());
        table.AddColumn("Name");
        foreach (string name in new[] { "At the venue", "At the cloud", "Set aside" })
            table.AddColumn(new TableColumn(name).RightAligned());
        table.AddColumn("State");
        foreach (RelayedSession session in sessions)
        {
            table.AddRow(
                Markup.Escape(session.Location), N(session.Number), Markup.Escape(session.Alias ?? ""),
                session.AtVenue is { } count ? N(count) : "", N(AtCloud(session)), N(session.SetAside), State(session));
        }

        console.Write(table);
        console.WriteLine(
            $"{N(upload.Passings)} passings relayed in {elapsed.TotalSeconds:0.0} s, {N(upload.Retries)} requests repeated"
            + (wasEnded ? ", ended early" : "") + ".");
    }

    public void WriteJson(TextWriter output)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("relayed", upload.Passings);
            json.WriteNumber("duplicates", upload.Duplicates);
            json.WriteNumber("retries", upload.Retries);
            json.WriteNumber("left", Left);
            json.WriteNumber("set_aside", sessions.Sum(session => session.SetAside));
            json.WriteNumber("seconds", Math.Round(elapsed.TotalSeconds, 3));
            json.WriteStartArray("sessions");
            foreach (RelayedSession session in sessions)
                Write(json, session);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.WriteLine(System.Text.Encoding.UTF8.GetString(stream.ToArray()));
    }

    static void Write(Utf8JsonWriter json, RelayedSession session)
    {
        json.WriteStartObject();
        json.WriteString("device", session.Location);
        json.WriteNumber("session", session.Number);
        json.WriteString("venue_token", session.Token);
        json.WriteString("cloud_token", session.CloudToken);
        if (session.AtVenue is { } count)
            json.WriteNumber("at_venue", count);
        json.WriteNumber("at_cloud", AtCloud(session));
        json.WriteNumber("set_aside", session.SetAside);
        json.WriteNumber("unsendable", session.Unsendable);
        json.WriteBoolean("done", session.IsDone);
        json.WriteEndObject();
    }

    static long AtCloud(RelayedSession session) => session.Known.Count - session.SetAside;

    static string State(RelayedSession session) =>
        session.Unsendable > 0 ? $"{session.Unsendable} cannot be sent: number or time"
        : session.IsDone ? "closed, relayed to its end"
        : session.Stopped is { } stopped ? $"stopped: {stopped.Failure}"
        : session.AtVenue is 0 ? "empty"
        : session.IsComplete ? "open, relayed so far"
        : session.AtVenue is null ? "not asked about"
        : "waits";

    static string N(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
