using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Time.Testing;
using RufusIngest.Journal;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Journal;

/// <summary>The disk of the timing laptop fills up, goes read-only or fails in mid-race, and comes back.</summary>
public sealed class DiskTroubleTests : IAsyncDisposable
{
    readonly SimulatedDisk _disk = new(1);
    readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 17, 9, 0, 0, TimeSpan.Zero));
    readonly Pipe _connection = new(new PipeOptions(pauseWriterThreshold: 0));
    readonly SqliteJournal _journal;
    readonly List<JournalException?> _told = [];
    IngestPipeline? _pipeline;
    Task _reading = Task.CompletedTask;

    public DiskTroubleTests() => _journal = SqliteJournal.Open(
        "race", new SqliteJournalOptions { Vfs = _disk.VfsName, CheckpointInline = true });

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_pipeline is not null)
            await _pipeline.DisposeAsync();
        _journal.Dispose();
        _disk.Dispose();
    }

    async Task StartAsync(int maxWaitingBytes = 16 * 1024 * 1024)
    {
        _pipeline = await IngestPipeline.OpenAsync(
            new IngestOptions
            {
                Settings = CoreRun.SettingsOf(("mat", "FINISH")),
                Protocols = [PlainParser.Protocol],
                CommitAge = TimeSpan.Zero,
                BatchAge = TimeSpan.Zero,
                ChunkSize = 512,
                MaxWaitingBytes = maxWaitingBytes,
                OnJournalProblem = problem =>
                {
                    lock (_told)
                        _told.Add(problem);
                },
            },
            _journal,
            _time,
            cancellation: Cancellation);
        _reading = _pipeline.ReadAsync("mat", _connection.Reader, recorded: true, Cancellation);
    }

    async Task SendAsync(int from, int to)
    {
        _connection.Writer.Write(
            PlainParser.Lines(Enumerable.Range(from, to - from).Select(i => CoreRun.Line($"c{i}", i))));
        await _connection.Writer.FlushAsync(Cancellation);
    }

    /// <summary>Lets time go on until something holds.</summary>
    async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            _time.Advance(TimeSpan.FromSeconds(0.1));
            await Task.Yield();
            Cancellation.ThrowIfCancellationRequested();
        }
    }

    int Kept() => _journal.GetSessions().Sum(session => session.LastNumber);

    bool IsTold(Func<JournalException?, bool> what)
    {
        lock (_told)
            return _told.Count > 0 && what(_told[^1]);
    }

    async Task EndAsync(int passings)
    {
        await _connection.Writer.CompleteAsync();
        await _reading;
        await _pipeline!.CompleteAsync();
        Assert.Equal(passings, Kept());
        Assert.Equal(
            Enumerable.Range(0, passings).Select(i => $"c{i}"),
            StageRun.Items(_journal).Select(item => item.Split('"')[3]));
    }

    [Fact]
    public async Task On_a_full_disk_nothing_leaves_reads_wait_in_memory_and_it_heals_by_itself()
    {
        await StartAsync();
        await SendAsync(0, 100);
        await UntilAsync(() => Kept() == 99);
        _disk.FillAfter(0);
        await SendAsync(100, 200);
        await UntilAsync(() => IsTold(problem => problem?.Problem == JournalProblem.DiskFull));
        await SendAsync(200, 300);
        await UntilAsync(() => _pipeline!.GetCounters() is { WaitingBytes: > 1500, FailedCommits: > 3 });
        Assert.True(_pipeline!.GetCounters().IsJournalFailing);
        Assert.Equal(99, Kept());
        Assert.Single(_told);
        Assert.Contains("make room", _told[0]!.Message, StringComparison.Ordinal);
        _disk.Capacity = long.MaxValue;
        await UntilAsync(() => IsTold(problem => problem is null));
        await UntilAsync(() => Kept() >= 299);
        Assert.False(_pipeline.GetCounters().IsJournalFailing);
        await EndAsync(300);
    }

    [Theory]
    [InlineData(nameof(SimulatedDisk.ReadOnly))]
    [InlineData(nameof(SimulatedDisk.WriteErrors))]
    [InlineData(nameof(SimulatedDisk.SyncErrors))]
    public async Task A_disk_that_refuses_for_a_while_costs_no_read(string trouble)
    {
        await StartAsync();
        await SendAsync(0, 50);
        await UntilAsync(() => Kept() == 49);
        _disk.ReadOnly = trouble == nameof(SimulatedDisk.ReadOnly);
        _disk.WriteErrors = trouble == nameof(SimulatedDisk.WriteErrors) ? 1 : 0;
        _disk.SyncErrors = trouble == nameof(SimulatedDisk.SyncErrors) ? 1 : 0;
        await SendAsync(50, 100);
        await UntilAsync(() => IsTold(problem => problem is { MayHeal: true }));
        Assert.Equal(49, Kept());
        _disk.ReadOnly = false;
        _disk.WriteErrors = 0;
        _disk.SyncErrors = 0;
        await UntilAsync(() => IsTold(problem => problem is null));
        await EndAsync(100);
    }

    [Fact]
    public async Task At_the_bound_the_connection_waits_and_nothing_is_lost()
    {
        await StartAsync(maxWaitingBytes: 2048);
        await SendAsync(0, 10);
        await UntilAsync(() => Kept() == 9);
        _disk.FillAfter(0);
        await SendAsync(10, 400);
        await UntilAsync(() => _pipeline!.GetCounters() is { ChunkWaits: > 0, FailedCommits: > 0 });
        Assert.InRange(_pipeline!.GetCounters().WaitingBytes, 1, 4096);
        _disk.Capacity = long.MaxValue;
        await UntilAsync(() => Kept() >= 399);
        await EndAsync(400);
    }

    [Fact]
    public async Task The_cursor_goes_on_in_memory_while_it_cannot_be_written()
    {
        await StartAsync();
        await SendAsync(0, 20);
        await UntilAsync(() => Kept() == 19);
        _disk.FillAfter(0);
        _journal.Acknowledge("FINISH", 1, 10, []);
        Assert.Equal(10, Assert.Single(_journal.GetSessions()).AcknowledgedNumber);
        _disk.Capacity = long.MaxValue;
        _journal.SetToken("FINISH", 1, "token");
        using SqliteJournal look = SqliteJournal.Open(
            "race", new SqliteJournalOptions { Vfs = _disk.VfsName, ReadOnly = true });
        Assert.Equal(10, Assert.Single(look.GetSessions()).AcknowledgedNumber);
        await EndAsync(20);
    }
}
