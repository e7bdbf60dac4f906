using System.Text;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Tests.Support;

/// <summary>Drives a stage with a journal by hand: no thread, no clock, plain lines as reader bytes.</summary>
sealed class StageRun
{
    readonly IngestStage _stage;
    readonly IngestJournal _journal;

    /// <summary>Recovers what the journal holds; an empty one gets the settings first.</summary>
    public StageRun(IngestJournal journal, params (string Reader, string Location)[] readers)
    {
        _journal = journal;
        Core = new IngestCore([PlainParser.Protocol]);
        _stage = new IngestStage(Core, new IngestOutput(maxBatchPassings: 7), journal);
        _stage.Recover(CancellationToken.None);
        if (Core.Settings is null)
            Apply(RecordKind.Settings, 0, 0, CoreRun.SettingsOf(readers).ToUtf8Json());
    }

    public IngestCore Core { get; }

    public IngestStage Stage => _stage;

    /// <summary>Applies one record and commits it.</summary>
    public void Apply(RecordKind kind, int index = 0, long receivedAt = 0, ReadOnlySpan<byte> payload = default)
    {
        RecordBlock block = new(payload.Length + RecordBlock.HeaderLength);
        block.Append(kind, index, receivedAt, payload);
        Apply(block);
    }

    public void Apply(RecordBlock block)
    {
        _stage.Apply(block, batchAge: 0);
        _stage.CloseBatches();
        _stage.Commit();
        _stage.TakeBlocks(_ => { });
    }

    public void Chunk(int reader, double receivedAt, params IEnumerable<string> lines) =>
        Apply(RecordKind.Chunk, reader, receivedAt == 0 ? 0 : CoreRun.At(receivedAt), PlainParser.Lines(lines));

    public void Close(int location = 0) => Apply(RecordKind.SessionClosed, location);

    public List<string> Items(string location = "FINISH", int session = 1) => Items(_journal, location, session);

    public static List<string> Items(PassingStore store, string location = "FINISH", int session = 1)
    {
        List<string> list = [];
        PassingItems items = new();
        while (store.ReadPassings(location, session, list.Count, 3, items) > 0)
        {
            for (int i = 0; i < items.Count; i++)
                list.Add(Encoding.UTF8.GetString(items.GetItem(i)));
        }

        return list;
    }
}

/// <summary>A folder for one test, gone afterwards.</summary>
sealed class TempFolder : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rufus-test-");

    public string File(string name) => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);
}
