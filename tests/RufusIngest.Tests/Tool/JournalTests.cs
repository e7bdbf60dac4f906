using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;
using RufusIngest.Server;
using RufusIngest.Tests.Support;
using RufusIngest.Tool;

namespace RufusIngest.Tests.Tool;

public sealed class JournalTests : IDisposable
{
    readonly TempFolder _folder = new();

    string Journal => _folder.File("race.journal");

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>An IPICO line with its check: one chip a second.</summary>
    static string Frame(int chip) => FrameAt(chip, chip);

    static string FrameAt(int chip, int second)
    {
        string body = $"00058001{chip:x6}01022605171000{second:d2}00";
        return $"aa{body}{Encoding.ASCII.GetBytes(body).Sum(b => b) & 0xFF:x2}\r\n";
    }

    async Task<ToolRun> DemoAsync() =>
        await ToolRun.Of("demo", "--runners", "60", "--seed", "3", "--speed", "0", "--journal", Journal, "--json");

    /// <summary>Runs <c>ingest</c>, lets the reader send lines, waits until so many passings are kept, and ends it.</summary>
    async Task<ToolRun> IngestAsync(Uri server, int kept, string[] lines, params string[] more)
    {
        using TcpListener reader = new(IPAddress.Loopback, 0);
        reader.Start();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<ToolRun> run = ToolRun.Of(
            stop.Token,
            [
                "ingest", "--json", "--wait-for-readers", "--reader", $"ipico=tcp://{reader.LocalEndpoint}", "--post",
                server.ToString(), "--api-key", TestVenue.ReadWriteKey, "--journal", Journal, .. more,
            ]);
        using Socket connection = await reader.AcceptSocketAsync(Cancellation);
        foreach (string line in lines)
            await connection.SendAsync(Encoding.ASCII.GetBytes(line), Cancellation);
        while (!run.IsCompleted && Kept() < kept)
            await Task.Yield();
        await stop.CancelAsync();
        return await run;
    }

    int Kept()
    {
        using SqliteJournal look = SqliteJournal.Open(Journal, new SqliteJournalOptions { ReadOnly = true });
        return look.GetSessions().Sum(session => session.LastNumber);
    }

    static Uri FreeAddress()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://{listener.LocalEndpoint}/v0/");
    }

    [Fact]
    public async Task A_race_without_the_server_is_kept_and_sent_at_the_next_start_into_one_session()
    {
        Uri address = FreeAddress();
        ToolRun first = await IngestAsync(address, 1, [Frame(1), Frame(2)], "--flush-seconds", "0");
        Assert.Equal(ExitCode.Refused, first.ExitCode);
        Assert.Equal(2, Assert.Single(first.Lines).GetProperty("to_send").GetInt32());
        Assert.Contains("the server cannot be reached", first.Error, StringComparison.Ordinal);

        await using TestVenue venue = await TestVenue.StartAsync(
            TestVenue.Options with { EndPoint = new IPEndPoint(IPAddress.Loopback, address.Port) });
        ToolRun second = await IngestAgainAsync(venue, [Frame(1), Frame(2), Frame(3)], 3);
        Assert.Equal(ExitCode.Done, second.ExitCode);
        Assert.Equal(3, venue.Server.Counters.Inserted);
        ToolRun third = await IngestAgainAsync(venue, [Frame(1), Frame(4)], 4);
        Assert.Equal(ExitCode.Done, third.ExitCode);
        Assert.Equal(4, venue.Server.Counters.Inserted);
        Assert.Equal(0, venue.Server.Counters.Duplicates);
        using SqliteJournal look = SqliteJournal.Open(Journal, new SqliteJournalOptions { ReadOnly = true });
        StoredSession session = Assert.Single(look.GetSessions());
        Assert.Equal((4, 4, false), (session.LastNumber, session.AcknowledgedNumber, session.IsClosed));
        Answer stored = await venue.GetAsync($"passings/session/{session.Token}");
        Assert.Equal(
            [1, 2, 3, 4],
            JsonDocument.Parse(stored.Body).RootElement.GetProperty("result").EnumerateArray()
                .Select(passing => passing.GetProperty("num_passing").GetInt32()));
    }

    /// <summary>The next start of the laptop: the reader has another address now, as a reader of its own.</summary>
    Task<ToolRun> IngestAgainAsync(TestVenue venue, string[] lines, int kept) =>
        IngestAsync(venue.Server.BaseAddress, kept, lines);

    [Fact]
    public async Task A_server_that_has_more_than_the_journal_stops_the_start()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        ToolRun first = await IngestAsync(venue.Server.BaseAddress, 1, [Frame(1), Frame(2)]);
        Assert.Equal(ExitCode.Done, first.ExitCode);
        string token;
        using (SqliteJournal look = SqliteJournal.Open(Journal, new SqliteJournalOptions { ReadOnly = true }))
            token = look.GetSessions()[0].Token!;
        await venue.PostAsync(
            "passings",
            $$"""
            {"token_session":"{{token}}","passings_list":[{"bib":"1","num_passing":3,"timestamp":"2026-05-17T08:00:00.000Z"}]}
            """);
        ToolRun second = await ToolRun.Of(
            "ingest", "--wait-for-readers", "--reader", "ipico=tcp://127.0.0.1:1", "--post",
            venue.Server.BaseAddress.ToString(), "--api-key", TestVenue.ReadWriteKey, "--journal", Journal);
        Assert.Equal(ExitCode.CheckFailed, second.ExitCode);
        Assert.Contains("the server has passing 3, and the journal ends at 2", second.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_closed_session_still_has_to_send_goes_out_before_the_next_session_begins()
    {
        Uri address = FreeAddress();
        await IngestAsync(address, 1, [Frame(1), Frame(2)], "--flush-seconds", "0");
        ToolRun close = await ToolRun.Of("journal", "close", Journal);
        Assert.Contains("2 passings are to be sent", close.Output, StringComparison.Ordinal);
        await using TestVenue venue = await TestVenue.StartAsync(
            TestVenue.Options with { EndPoint = new IPEndPoint(IPAddress.Loopback, address.Port) });
        ToolRun again = await IngestAgainAsync(venue, [Frame(5), Frame(6)], 4);
        Assert.Equal(ExitCode.Done, again.ExitCode);
        Assert.Equal(4, venue.Server.Counters.Inserted);
        using SqliteJournal look = SqliteJournal.Open(Journal, new SqliteJournalOptions { ReadOnly = true });
        IReadOnlyList<StoredSession> sessions = look.GetSessions();
        Assert.Equal([2, 2], sessions.Select(session => session.AcknowledgedNumber));
        Assert.NotEqual(sessions[0].Token, sessions[1].Token);
    }

    [Fact]
    public async Task A_restart_without_the_list_of_bibs_keeps_the_one_it_had()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        string bibs = _folder.File("bibs.csv");
        await File.WriteAllTextAsync(bibs, $"chip,bib\n058001{1:x6},101\n058001{2:x6},102\n", Cancellation);
        await IngestAsync(venue.Server.BaseAddress, 1, [Frame(1)], "--bibs", bibs);
        await IngestAsync(venue.Server.BaseAddress, 2, [Frame(2)]);
        using SqliteJournal look = SqliteJournal.Open(Journal, new SqliteJournalOptions { ReadOnly = true });
        Assert.Equal(["101", "102"], StageRun.Items(look).Select(item => item.Split('"')[3]));
    }

    [Fact]
    public async Task A_session_that_is_named_for_a_new_journal_must_be_empty()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        string device = (await venue.PostAsync("devices", """{"model":"m","serial_number":"s"}""")).Body.Split('"')[7];
        string token = (await venue.PostAsync("sessions", $$"""{"deviceid":"{{device}}"}""")).Body.Split('"')[7];
        await venue.PostAsync(
            "passings",
            $$"""
            {"token_session":"{{token}}","passings_list":[{"bib":"1","num_passing":1,"timestamp":"2026-05-17T08:00:00.000Z"}]}
            """);
        ToolRun run = await IngestNamedAsync(venue, token);
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("has 1 passings already", run.Error, StringComparison.Ordinal);
        Assert.Equal(1, venue.Server.Counters.Inserted);
    }

    async Task<ToolRun> IngestNamedAsync(TestVenue venue, string token)
    {
        using TcpListener reader = new(IPAddress.Loopback, 0);
        reader.Start();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<ToolRun> run = ToolRun.Of(
            stop.Token, "ingest", "--json", "--wait-for-readers", "--reader",
            $"ipico=tcp://{reader.LocalEndpoint};session={token}", "--post", venue.Server.BaseAddress.ToString(),
            "--api-key", TestVenue.ReadWriteKey, "--journal", Journal, "--flush-seconds", "1");
        using Socket connection = await reader.AcceptSocketAsync(Cancellation);
        await connection.SendAsync(Encoding.ASCII.GetBytes(Frame(1)), Cancellation);
        while (!run.IsCompleted && Kept() < 1)
            await Task.Yield();
        await stop.CancelAsync();
        return await run;
    }

    [Fact]
    public async Task The_same_reader_with_another_zone_is_refused()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        using (SqliteJournal journal = SqliteJournal.Open(Journal))
        {
            await using IngestPipeline pipeline = await IngestPipeline.OpenAsync(
                new IngestOptions { Settings = LiveRun.SettingsOf([ReaderSpec.Parse("ipico=tcp://10.0.0.1:1")], ChipTable.Empty, null) },
                journal,
                cancellation: Cancellation);
            await pipeline.PauseAsync();
        }

        ToolRun run = await ToolRun.Of(
            "ingest", "--wait-for-readers", "--reader", "ipico=tcp://10.0.0.1:1;zone=+02:00", "--post",
            venue.Server.BaseAddress.ToString(), "--api-key", TestVenue.ReadWriteKey, "--journal", Journal);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains("another protocol, location, point, zone or date", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_commands_agree_about_a_race()
    {
        ToolRun demo = await DemoAsync();
        Assert.Equal(ExitCode.Done, demo.ExitCode);
        JsonElement result = Assert.Single(demo.Lines);
        int passings = result.GetProperty("passings").GetInt32();
        Assert.Equal(0, result.GetProperty("missing").GetInt32() + result.GetProperty("duplicated").GetInt32());

        ToolRun info = await ToolRun.Of("journal", "info", Journal, "--json");
        Assert.Equal(
            passings,
            Assert.Single(info.Lines).GetProperty("sessions").EnumerateArray()
                .Sum(session => session.GetProperty("acknowledged").GetInt32()));
        ToolRun replay = await ToolRun.Of("journal", "replay", Journal, "--json", "--out", _folder.File("items.jsonl"));
        Assert.Equal(result.GetProperty("reads").GetInt64(), Assert.Single(replay.Lines).GetProperty("reads").GetInt64());
        Assert.Equal(passings, (await File.ReadAllLinesAsync(_folder.File("items.jsonl"), Cancellation)).Length);
        ToolRun verify = await ToolRun.Of("journal", "verify", Journal);
        Assert.Equal(ExitCode.Done, verify.ExitCode);
        Assert.Contains($"{passings} passings are as they were kept", verify.Output, StringComparison.Ordinal);
        ToolRun csv = await ToolRun.Of("journal", "export", Journal);
        Assert.Equal(passings + 1, csv.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        ToolRun jsonl = await ToolRun.Of("journal", "export", Journal, "--format", "jsonl");
        Assert.Equal(passings, jsonl.Lines.Count);
        Assert.All(jsonl.Lines, line => Assert.Equal("acknowledged", line.GetProperty("state").GetString()));
        Assert.Contains("closed", (await ToolRun.Of("journal", "info", Journal)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_index_tells_why_a_read_made_no_passing()
    {
        JsonElement result = Assert.Single((await DemoAsync()).Lines);
        ToolRun index = await ToolRun.Of("journal", "index", Journal);
        Assert.Equal(ExitCode.Done, index.ExitCode);
        using SqliteConnection connection = new($"Data Source={Journal}.index;Pooling=False;Mode=ReadOnly");
        connection.Open();
        Assert.Equal(result.GetProperty("passings").GetInt64(), Number("SELECT count(*) FROM passings"));
        Assert.Equal(result.GetProperty("suppressed").GetInt64(), Number("SELECT count(*) FROM suppressed"));
        Assert.Equal(0, Number("SELECT count(*) FROM suppressed WHERE absorbed_by IS NULL"));
        Assert.Equal(
            result.GetProperty("suppressed_by").GetProperty("DeadTime").GetInt64(),
            Number("SELECT count(*) FROM suppressed WHERE outcome = 'DeadTime'"));
        Assert.True(Number("SELECT count(*) FROM events WHERE kind = 'Gun'") > 0);
        // Made again, it takes the place of the one before.
        Assert.Equal(ExitCode.Done, (await ToolRun.Of("journal", "index", Journal)).ExitCode);

        long Number(string sql)
        {
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = sql;
            return (long)command.ExecuteScalar()!;
        }
    }

    [Fact]
    public async Task The_index_has_the_outcome_a_read_ended_with_and_the_passing_that_stands_for_it()
    {
        using (SqliteJournal journal = SqliteJournal.Open(Journal))
        {
            IngestSettings settings = LiveRun.SettingsOf(
                [ReaderSpec.Parse("ipico=tcp://10.0.0.1:1")], ChipTable.Empty,
                new GateOptions { MinLap = TimeSpan.FromMinutes(1) });
            await using IngestPipeline pipeline = await IngestPipeline.OpenAsync(
                new IngestOptions { Settings = settings }, journal, cancellation: Cancellation);
            // Another chip first, so that the passing that stands for the rest has another number than its own.
            string[] lines = [Frame(1), FrameAt(2, 10), FrameAt(2, 11), FrameAt(2, 30), FrameAt(2, 31), FrameAt(2, 32)];
            using MemoryStream bytes = new(Encoding.ASCII.GetBytes(string.Concat(lines)));
            await pipeline.ReadAsync(
                settings.Readers[0].Name, System.IO.Pipelines.PipeReader.Create(bytes), recorded: true, Cancellation);
            await pipeline.CompleteAsync();
        }

        Assert.Equal(ExitCode.Done, (await ToolRun.Of("journal", "index", Journal)).ExitCode);
        using SqliteConnection connection = new($"Data Source={Journal}.index;Pooling=False;Mode=ReadOnly");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = """
            SELECT group_concat(outcome || ' ' || number, ', ') FROM reads;
            SELECT group_concat(outcome || ' ' || absorbed_by, ', ') FROM suppressed;
            SELECT group_concat(reason) FROM events WHERE kind = 'BurstSuppressed';
            """;
        using SqliteDataReader reader = await command.ExecuteReaderAsync(Cancellation);
        Assert.True(await reader.ReadAsync(Cancellation));
        Assert.Equal("Opened 1, Opened 2, DeadTime 2, MinLap 2, MinLap 2, MinLap 2", reader.GetString(0));
        Assert.True(await reader.NextResultAsync(Cancellation) && await reader.ReadAsync(Cancellation));
        Assert.Equal("DeadTime 2, MinLap 2, MinLap 2, MinLap 2", reader.GetString(0));
        Assert.True(await reader.NextResultAsync(Cancellation) && await reader.ReadAsync(Cancellation));
        Assert.Equal("MinLap,MinLap,MinLap", reader.GetString(0));
    }

    [Fact]
    public async Task A_demo_that_ended_is_not_played_again_into_its_journal()
    {
        await DemoAsync();
        ToolRun again = await DemoAsync();
        Assert.Equal(ExitCode.BadInput, again.ExitCode);
        Assert.Contains("has ended", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_in_use_is_named_with_its_holder_and_can_be_looked_at()
    {
        using SqliteJournal held = SqliteJournal.Open(Journal);
        new StageRun(held, ("mat", "FINISH")).Chunk(0, 0, CoreRun.Line("a", 1), CoreRun.Line("b", 9));
        ToolRun refused = await ToolRun.Of("journal", "rebase", Journal);
        Assert.Equal(ExitCode.BadInput, refused.ExitCode);
        Assert.Contains($"in use by process {Environment.ProcessId}", refused.Error, StringComparison.Ordinal);
        ToolRun info = await ToolRun.Of("journal", "info", Journal, "--json");
        Assert.Equal(2, Assert.Single(info.Lines).GetProperty("records").GetInt32());
    }

    [Fact]
    public async Task Rebase_and_close_say_where_numbers_go_on()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        await IngestAsync(venue.Server.BaseAddress, 1, [Frame(1), Frame(2)]);
        ToolRun rebased = await ToolRun.Of("journal", "rebase", Journal);
        Assert.Contains("FINISH/1: numbers go on from 3", rebased.Output, StringComparison.Ordinal);
        ToolRun verify = await ToolRun.Of("journal", "verify", Journal);
        Assert.Equal(ExitCode.Done, verify.ExitCode);
        ToolRun closed = await ToolRun.Of("journal", "close", Journal);
        Assert.Contains("1 sessions are closed; 0 passings are to be sent", closed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prune_removes_only_what_is_closed_and_acknowledged()
    {
        await DemoAsync();
        string open = _folder.File("open.journal");
        using (SqliteJournal journal = SqliteJournal.Open(open))
            new StageRun(journal, ("mat", "FINISH")).Chunk(0, 0, CoreRun.Line("a", 1), CoreRun.Line("b", 9));
        string unsent = _folder.File("unsent.journal");
        using (SqliteJournal journal = SqliteJournal.Open(unsent))
        {
            StageRun run = new(journal, ("mat", "FINISH"));
            run.Chunk(0, 0, CoreRun.Line("a", 1), CoreRun.Line("b", 9));
            run.Close();
        }

        await File.WriteAllTextAsync(_folder.File("notes.txt"), "not a journal", Cancellation);
        string folder = Path.GetDirectoryName(Journal)!;
        ToolRun dry = await ToolRun.Of("journal", "prune", folder, "--days", "0", "--dry-run");
        Assert.Contains("race.journal: removed", dry.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Journal));
        ToolRun young = await ToolRun.Of("journal", "prune", folder);
        Assert.Contains("race.journal: kept, it is new", young.Output, StringComparison.Ordinal);
        ToolRun prune = await ToolRun.Of("journal", "prune", folder, "--days", "0");
        Assert.Contains("race.journal: removed", prune.Output, StringComparison.Ordinal);
        Assert.Contains("open.journal: kept, a session is open", prune.Output, StringComparison.Ordinal);
        Assert.Contains("unsent.journal: kept, passings are to be sent", prune.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(Journal));
        Assert.True(File.Exists(open) && File.Exists(unsent) && File.Exists(_folder.File("notes.txt")));
    }
}
