using System.Text;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Tests.Support;

/// <summary>A journal of some hundred records, as bytes of its files, and what is in it.</summary>
sealed class KnownJournal
{
    KnownJournal(byte[] file, byte[] log, List<string> records, Dictionary<string, List<string>> items) =>
        (File, Log, Records, Items) = (file, log, records, items);

    public byte[] File { get; }

    /// <summary>The write-ahead log; empty when the journal was closed.</summary>
    public byte[] Log { get; }

    /// <summary>All records in order, as text.</summary>
    public List<string> Records { get; }

    /// <summary>The kept passings of all sessions by name.</summary>
    public Dictionary<string, List<string>> Items { get; }

    public static string TokenOf(string session) => $"token-of-{session}";

    public static string Text(in IngestRecord record) =>
        $"{record.Kind} {record.Index} {record.ReceivedAt} {Convert.ToBase64String(record.Payload)}";

    /// <summary>Makes one.</summary>
    /// <param name="closed">Close it, so that all is in the file; else most is there and the rest in the log.</param>
    public static KnownJournal Make(bool closed)
    {
        using TempFolder folder = new();
        string path = folder.File("known");
        SqliteJournal journal = SqliteJournal.Open(
            path, new SqliteJournalOptions { CheckpointBytes = 50_000, CheckpointInline = true });
        StageRun run = new(journal, ("start mat", "START"), ("mat", "FINISH"), ("spare mat", "FINISH"));
        for (int i = 0; i < 110; i++)
        {
            run.Apply(Block(i));
            if (i == 60)
                run.Close(1);
            if (i % 10 == 7)
                Acknowledge(journal, i);
        }

        if (closed)
            journal.Dispose();
        byte[] file = Read(path);
        byte[] logBytes = closed ? [] : Read(path + "-wal");
        List<string> records = [];
        using SqliteJournal look = SqliteJournal.Open(path, new SqliteJournalOptions { ReadOnly = true });
        look.Replay((in IngestRecord record) => records.Add(Text(record)), CancellationToken.None);
        Dictionary<string, List<string>> items = look.GetSessions().ToDictionary(
            session => $"{session.Location}/{session.Session}",
            session => StageRun.Items(look, session.Location, session.Session));
        journal.Dispose();
        return new KnownJournal(file, logBytes, records, items);
    }

    /// <summary>Puts the files into a folder and gives the path.</summary>
    public static string Write(TempFolder folder, string name, byte[] file, byte[] log)
    {
        string path = folder.File(name);
        System.IO.File.WriteAllBytes(path, file);
        if (log.Length > 0)
            System.IO.File.WriteAllBytes(path + "-wal", log);
        return path;
    }

    static RecordBlock Block(int i)
    {
        RecordBlock block = new(100_000);
        int reader = i % 3;
        if (i < 3)
            block.Append(RecordKind.Connected, reader, CoreRun.At(i), default);
        for (int k = 0; k <= i % 4; k++)
        {
            // Some rows fill a leaf's part, some need a chain of pages; frames end in the next chunk.
            byte[] lines = PlainParser.Lines(Lines(i, k, i % 9 == 4 ? 60 : 3));
            int half = lines.Length - 9;
            block.Append(RecordKind.Chunk, reader, CoreRun.At(i + (k * 0.2)), lines.AsSpan(0, half));
            block.Append(RecordKind.Chunk, reader, CoreRun.At(i + (k * 0.2) + 0.1), lines.AsSpan(half));
        }

        block.Append(RecordKind.Tick, 0, CoreRun.At(i + 0.9), default);
        return block;
    }

    static IEnumerable<string> Lines(int i, int k, int count) =>
        Enumerable.Range(0, count).Select(n => CoreRun.Line($"chip{i:000}{k}{n:000}", i + (k * 0.2) + (n * 0.001)));

    static void Acknowledge(SqliteJournal journal, int i)
    {
        foreach (StoredSession session in journal.GetSessions())
        {
            journal.SetToken(session.Location, session.Session, TokenOf($"{session.Location}/{session.Session}"));
            int to = Math.Max(session.AcknowledgedNumber, session.LastNumber - 5);
            SetAsidePassing[] aside = to > session.AcknowledgedNumber && i % 20 == 7
                ? [new SetAsidePassing(to, 400, $"no such bib in {i}")]
                : [];
            journal.Acknowledge(session.Location, session.Session, to, aside);
        }
    }

    static byte[] Read(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
