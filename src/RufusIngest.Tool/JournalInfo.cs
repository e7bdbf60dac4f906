using System.Text.Json;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;
using Spectre.Console;

namespace RufusIngest.Tool;

/// <summary>What is in a journal, without applying it.</summary>
sealed class JournalInfo
{
    readonly FileInfo _file;
    readonly IReadOnlyList<StoredSession> _sessions;
    readonly Dictionary<RecordKind, long> _records = [];
    readonly SortedDictionary<int, long> _bytesByReader = [];
    long _first;
    long _last;
    IngestSettings? _settings;

    public JournalInfo(FileInfo file, SqliteJournal journal, CancellationToken cancellation)
    {
        _file = file;
        _sessions = journal.GetSessions();
        journal.Replay(Count, cancellation);
    }

    void Count(in IngestRecord record)
    {
        _records[record.Kind] = _records.GetValueOrDefault(record.Kind) + 1;
        if (record.Kind == RecordKind.Settings)
            _settings = IngestSettings.FromUtf8Json(record.Payload);
        if (record.Kind == RecordKind.Chunk)
            _bytesByReader[record.Index] = _bytesByReader.GetValueOrDefault(record.Index) + record.Payload.Length;
        if (record.ReceivedAt == 0)
            return;
        _first = _first == 0 ? record.ReceivedAt : _first;
        _last = record.ReceivedAt;
    }

    string ReaderName(int index) => _settings?.Readers.ElementAtOrDefault(index)?.Name ?? $"reader {index}";

    public void WriteTable(IAnsiConsole console)
    {
        Table facts = new() { Border = TableBorder.Simple };
        facts.AddColumn("Journal");
        facts.AddColumn(new TableColumn(Markup.Escape(_file.Name)).RightAligned());
        facts.AddRow("bytes", $"{_file.Length:N0}");
        facts.AddRow("records", $"{_records.Values.Sum():N0}");
        foreach (var (kind, count) in _records.OrderBy(pair => pair.Key))
            facts.AddRow($"  {kind}", $"{count:N0}");
        facts.AddRow("first record", _first == 0 ? "" : Times.Utc(_first));
        facts.AddRow("last record", _last == 0 ? "" : Times.Utc(_last));
        foreach (var (reader, bytes) in _bytesByReader)
            facts.AddRow(Markup.Escape($"bytes of {ReaderName(reader)}"), $"{bytes:N0}");
        console.Write(facts);
        Table sessions = new() { Border = TableBorder.Simple };
        sessions.AddColumn("Session");
        foreach (string name in new[] { "Passings", "Acknowledged", "Set aside", "To send" })
            sessions.AddColumn(new TableColumn(name).RightAligned());
        sessions.AddColumn("State");
        foreach (StoredSession session in _sessions)
        {
            sessions.AddRow(
                Markup.Escape($"{session.Location}/{session.Session}"),
                $"{session.LastNumber:N0}",
                $"{session.AcknowledgedNumber:N0}",
                $"{session.SetAside:N0}",
                $"{session.LastNumber - session.AcknowledgedNumber:N0}",
                (session.IsClosed ? "closed" : "open") + (session.Token is null ? ", no token" : "")
                    + (session.RebasedNumber > 0 ? $", rebased at {session.RebasedNumber}" : ""));
        }

        console.Write(sessions);
    }

    public void WriteJson(TextWriter output)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("file", _file.FullName);
            writer.WriteNumber("bytes", _file.Length);
            writer.WriteNumber("records", _records.Values.Sum());
            writer.WriteStartObject("records_by_kind");
            foreach (var (kind, count) in _records.OrderBy(pair => pair.Key))
                writer.WriteNumber(kind.ToString(), count);
            writer.WriteEndObject();
            writer.WriteString("first", _first == 0 ? null : Times.Utc(_first));
            writer.WriteString("last", _last == 0 ? null : Times.Utc(_last));
            writer.WriteStartObject("bytes_by_reader");
            foreach (var (reader, bytes) in _bytesByReader)
                writer.WriteNumber(ReaderName(reader), bytes);
            writer.WriteEndObject();
            writer.WriteStartArray("sessions");
            foreach (StoredSession session in _sessions)
                WriteJson(writer, session);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        output.WriteLine(System.Text.Encoding.UTF8.GetString(stream.ToArray()));
    }

    static void WriteJson(Utf8JsonWriter writer, StoredSession session)
    {
        writer.WriteStartObject();
        writer.WriteString("location", session.Location);
        writer.WriteNumber("session", session.Session);
        writer.WriteString("token", session.Token);
        writer.WriteNumber("passings", session.LastNumber);
        writer.WriteNumber("acknowledged", session.AcknowledgedNumber);
        writer.WriteNumber("set_aside", session.SetAside);
        writer.WriteNumber("rebased", session.RebasedNumber);
        writer.WriteBoolean("closed", session.IsClosed);
        writer.WriteEndObject();
    }
}
