using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using RufusIngest.Cloud;
using RufusIngest.Tests.Support;
using RufusIngest.Tool;
using RufusIngest.Tool.Relay;

namespace RufusIngest.Tests.Tool.Relay;

/// <summary>Between two servers: one at the venue, one that stands for the cloud.</summary>
public sealed class RelayTests : IAsyncLifetime
{
    readonly string _folder = Directory.CreateTempSubdirectory("rufus-relay-").FullName;
    TestVenue _venue = null!;
    TestVenue _cloud = null!;
    CloudConnection _atVenue = null!;
    CloudConnection _atCloud = null!;

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    string State => Path.Combine(_folder, "relay.db");

    public async ValueTask InitializeAsync()
    {
        _venue = await TestVenue.StartAsync();
        _cloud = await TestVenue.StartAsync();
        _atVenue = CloudConnection.Open(_venue.Server.BaseAddress.ToString(), TestVenue.ReadWriteKey);
        _atCloud = CloudConnection.Open(_cloud.Server.BaseAddress.ToString(), TestVenue.ReadWriteKey);
    }

    public async ValueTask DisposeAsync()
    {
        _atVenue.Dispose();
        _atCloud.Dispose();
        await _venue.DisposeAsync();
        await _cloud.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task every_session_arrives_with_its_numbers_and_a_second_run_sends_nothing()
    {
        string finish = await _venue.BindAsync("finish-1");
        string first = await PostedAsync(await _venue.OpenAsync(finish), Enumerable.Range(1, 1_200));
        string second = await PostedAsync(await _venue.OpenAsync(finish), Enumerable.Range(1, 30)); // Closes the first.
        string other = await PostedAsync(await _venue.OpenAsync(await _venue.BindAsync("start-1")), [1, 2, 3]);
        await _venue.OpenAsync(await _venue.BindAsync("unused"));
        string all = ""","chip":"0000A1","latitude":"41.5","longitude":2,"gender":"F","timezone":"CET","participant_id":"p" """;
        await _venue.PostAsync("passings", TestVenue.Body(other, TestVenue.Passing(4, all)));

        ToolRun run = await RelayAsync("--json");
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        Assert.Equal(1_234, run.Lines[0].GetProperty("relayed").GetInt32());
        Assert.Equal(
            [("finish-1", 1, true, 1_200), ("finish-1", 2, false, 30), ("start-1", 1, false, 4), ("unused", 1, false, 0)],
            Sessions(run).Select(session => (
                session.GetProperty("device").GetString()!, session.GetProperty("session").GetInt32(),
                session.GetProperty("done").GetBoolean(), session.GetProperty("at_cloud").GetInt32())).Order());
        foreach ((string token, bool isActive) in ((string, bool)[])[(first, false), (second, true), (other, true)])
        {
            await RequireSameAsync(token, CloudToken(run, token));
            CloudSession session = await _atCloud.Cloud.GetSessionAsync(CloudToken(run, token), Cancelled);
            Assert.Equal(("Finish", isActive), (session.Alias, session.Active));
        }

        Assert.Equal(
            ["finish-1", "start-1"], // Nothing is made for what has no passings.
            (await _atCloud.Cloud.GetDevicesAsync(Cancelled).ToListAsync(Cancelled)).Select(d => d.SerialNumber).Order());

        run = await RelayAsync("--json");
        Assert.Equal((ExitCode.Done, 0), (run.ExitCode, run.Lines[0].GetProperty("relayed").GetInt32()));
        Assert.Equal((1_234L, 0L), (_cloud.Server.Counters.Inserted, _cloud.Server.Counters.Duplicates));
    }

    [Fact]
    public async Task numbers_from_0_with_gaps_and_lower_ones_that_come_later_all_arrive()
    {
        string token = await PostedAsync(await _venue.OpenAsync(), [0, 1, 5, 6, 9]);
        ToolRun run = await RelayAsync("--json");
        await RequireSameAsync(token, CloudToken(run, token));
        await PostedAsync(token, [3, 7, 10, 2]);
        run = await RelayAsync("--json");
        Assert.Equal((ExitCode.Done, 4), (run.ExitCode, run.Lines[0].GetProperty("relayed").GetInt32()));
        await RequireSameAsync(token, CloudToken(run, token));
        Assert.Equal(0, _cloud.Server.Counters.Duplicates);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task a_network_that_breaks_and_a_process_that_ends_at_any_time_cost_no_passing(int seed)
    {
        string device = await _venue.BindAsync("finish-1");
        string first = await PostedAsync(await _venue.OpenAsync(device), Enumerable.Range(1, 2_600));
        string second = await PostedAsync(await _venue.OpenAsync(device), Enumerable.Range(1, 700));
        using BreakingLink link = new(seed) { Breaks = 20 };
        using HttpClient http = new(link) { BaseAddress = _cloud.Server.BaseAddress };
        RufusCloudClient cloud = new(http, TestVenue.ReadWriteKey);
        RelayReport? report = null;
        for (int run = 1; report is null || report.Left > 0; run++)
        {
            Assert.InRange(run, 1, 50);
            using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
            (link.End, link.EndAfter) = (ending, run < 6 ? run + 1 : null);
            using RelayState state = RelayState.Open(State, _cloud.Server.BaseAddress.ToString());
            RelayRun relay = new(
                Silent, _atVenue.Cloud, cloud, state, new() { Quiet = true }, new SwiftTime(200));
            try
            {
                report = await relay.RunAsync(ending.Token);
                Assert.NotEqual(ExitCode.CheckFailed, relay.ExitCode);
            }
            catch (ToolException exception) when (exception.ExitCode == ExitCode.Unreachable)
            {
                // The first request was one that broke: whoever started it starts it again.
            }
        }

        ToolRun last = await RelayAsync("--json");
        Assert.Equal((ExitCode.Done, ""), (last.ExitCode, last.Error));
        await RequireSameAsync(first, CloudToken(last, first));
        await RequireSameAsync(second, CloudToken(last, second));
        Assert.Equal((3_300L, 0L), (_cloud.Server.Counters.Inserted, _cloud.Server.Counters.Conflicts));
    }

    [Fact]
    public async Task following_it_takes_what_comes_and_the_next_session_until_it_is_ended()
    {
        string device = await _venue.BindAsync("finish-1");
        string first = await PostedAsync(await _venue.OpenAsync(device), [1, 2]);
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        Task<ToolRun> running = RelayAsync(ending.Token, "--json", "--follow", "--every", "0.1");
        await InsertedAsync(2);
        await PostedAsync(first, [3]);
        await InsertedAsync(3);
        string second = await PostedAsync(await _venue.OpenAsync(device), [1, 2, 3]);
        string late = await PostedAsync(await _venue.OpenAsync(await _venue.BindAsync("late")), [7]);
        await InsertedAsync(7);
        await ending.CancelAsync();
        ToolRun run = await running;
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        foreach (string token in (string[])[first, second, late])
            await RequireSameAsync(token, CloudToken(run, token));
    }

    [Fact]
    public async Task a_session_that_somebody_has_open_at_the_cloud_is_not_closed_unasked()
    {
        await PostedAsync(await _venue.OpenAsync(await _venue.BindAsync("finish-1")), [1, 2]);
        string other = await PostedAsync(await _venue.OpenAsync(await _venue.BindAsync("start-1")), [1]);
        string taken = await _cloud.OpenAsync(await _cloud.BindAsync("finish-1"));

        ToolRun run = await RelayAsync("--json");
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("finish-1: NOT RELAYED: device ", run.Error, StringComparison.Ordinal);
        Assert.Contains("--replace-active", run.Error, StringComparison.Ordinal);
        await RequireSameAsync(other, CloudToken(run, other));
        Assert.True((await _atCloud.Cloud.GetSessionAsync(taken, Cancelled)).Active);

        run = await RelayAsync("--json", "--replace-active");
        Assert.Equal((ExitCode.Done, 2), (run.ExitCode, run.Lines[0].GetProperty("relayed").GetInt32()));
        Assert.False((await _atCloud.Cloud.GetSessionAsync(taken, Cancelled)).Active);
    }

    [Fact]
    public async Task a_session_that_began_at_the_cloud_goes_on_there_where_it_is_named()
    {
        string cloud = await _cloud.OpenAsync(await _cloud.BindAsync("finish-1"));
        await _cloud.PostAsync("passings", TestVenue.Body(cloud, Enumerable.Range(1, 5).Select(n => TestVenue.Passing(n))));
        string device = await _venue.BindAsync("finish-1");
        string venue = await PostedAsync(await _venue.OpenAsync(device), Enumerable.Range(4, 7)); // 4 and 5 are at both.
        _venue.Use(TestVenue.UnbindKey);
        await _venue.DeleteAsync($"devices/{device}"); // It is not listed any more.

        ToolRun run = await RelayAsync("--json", "--map", $"{venue}={cloud}");
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        Assert.Equal(
            Enumerable.Range(1, 10),
            (await _atCloud.Cloud.GetSessionPassingsAsync(cloud, null, null, Cancelled).ToListAsync(Cancelled))
                .Select(passing => passing.Number!.Value));
        Assert.True((await _atCloud.Cloud.GetSessionAsync(cloud, Cancelled)).Active); // Whoever opened it closes it.
        Assert.Equal(0, _cloud.Server.Counters.Conflicts);

        string other = await PostedAsync(await _venue.OpenAsync(await _venue.BindAsync("other")), [1]);
        run = await RelayAsync("--map", $"{other}={cloud}");
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains($"session {venue} goes to {cloud} already", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_passing_the_cloud_does_not_take_is_kept_and_the_others_arrive()
    {
        string token = await PostedAsync(await _venue.OpenAsync(), [1, 2, 3]);
        await using TestVenue strict = await TestVenue.StartAsync(
            new CloudProfile { EmptyBib = false });
        string odd = TestVenue.Passing(4).Replace("\"bib\":\"4\"", "\"bib\":\"\"", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Created, (await _venue.PostAsync("passings", TestVenue.Body(token, odd))).Status);
        await PostedAsync(token, [5]);

        string[] arguments = ["--base-address", strict.Server.BaseAddress.ToString(), "--json"];
        ToolRun run = await RelayAsync(arguments);
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("the cloud does not take passing 4: 400", run.Error, StringComparison.Ordinal);
        Assert.Equal((4, 1), (
            Sessions(run)[0].GetProperty("at_cloud").GetInt32(), Sessions(run)[0].GetProperty("set_aside").GetInt32()));
        Assert.Equal(4, strict.Server.Counters.Inserted);

        run = await RelayAsync(arguments);
        Assert.Equal((ExitCode.Done, 1), (run.ExitCode, run.Lines[0].GetProperty("set_aside").GetInt32()));
    }

    [Fact]
    public async Task an_older_session_does_not_close_the_one_that_somebody_named()
    {
        string cloud = await _cloud.OpenAsync(await _cloud.BindAsync("finish-1"));
        string device = await _venue.BindAsync("finish-1");
        string older = await PostedAsync(await _venue.OpenAsync(device), [1, 2]);
        string named = await PostedAsync(await _venue.OpenAsync(device), [1, 2, 3]);
        ToolRun run = await RelayAsync("--json", "--map", $"{named}={cloud}");
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("--replace-active", run.Error, StringComparison.Ordinal);
        Assert.True((await _atCloud.Cloud.GetSessionAsync(cloud, Cancelled)).Active);

        // Its own name for the older one, and all is there.
        string another = await _cloud.OpenAsync(await _cloud.BindAsync("yesterday"));
        run = await RelayAsync("--json", "--map", $"{older}={another}", "--map", $"{named}={cloud}");
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        await RequireSameAsync(older, another);
        await RequireSameAsync(named, cloud);
    }

    [Fact]
    public async Task passings_that_the_named_session_has_otherwise_are_told_however_many_come_before()
    {
        string cloud = await _cloud.OpenAsync(await _cloud.BindAsync("finish-1"));
        string odd = TestVenue.Passing(1_100).Replace("\"bib\":\"1100\"", "\"bib\":\"7\"", StringComparison.Ordinal);
        await _cloud.PostAsync("passings", TestVenue.Body(cloud, Enumerable.Range(1, 1_000).Select(n => TestVenue.Passing(n))));
        await _cloud.PostAsync("passings", TestVenue.Body(cloud, odd));
        string venue = await PostedAsync(await _venue.OpenAsync(), Enumerable.Range(1, 1_200));
        ToolRun run = await RelayAsync("--json", "--map", $"{venue}={cloud}");
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("does not take passing 1100", run.Error, StringComparison.Ordinal);
        Assert.Equal(1_199, Sessions(run)[0].GetProperty("at_cloud").GetInt32());
    }

    [Fact]
    public async Task a_cloud_session_that_somebody_closed_holds_up_no_later_one_and_gets_another_by_name()
    {
        string device = await _venue.BindAsync("finish-1");
        string first = await PostedAsync(await _venue.OpenAsync(device), [1, 2]);
        ToolRun run = await RelayAsync("--json");
        await _cloud.PatchAsync($"sessions/close/{CloudToken(run, first)}");
        await PostedAsync(first, [3]);
        string second = await PostedAsync(await _venue.OpenAsync(device), [1]);

        run = await RelayAsync("--json");
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("finish-1/1: stopped at passing 3", run.Error, StringComparison.Ordinal);
        await RequireSameAsync(second, CloudToken(run, second));

        string another = await _cloud.OpenAsync(await _cloud.BindAsync("the rest"));
        run = await RelayAsync("--json", "--map", $"{first}={another}");
        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Equal(3, Assert.Single(
            await _atCloud.Cloud.GetSessionPassingsAsync(another, null, null, Cancelled).ToListAsync(Cancelled)).Number);
    }

    [Fact]
    public async Task a_device_that_was_unbound_and_bound_again_is_one_line_and_none_of_its_sessions_is_lost()
    {
        string device = await _venue.BindAsync("finish-1");
        string first = await PostedAsync(await _venue.OpenAsync(device), [1]);
        Assert.Equal(ExitCode.Done, (await RelayAsync()).ExitCode);
        await PostedAsync(first, [2]);
        _venue.Use(TestVenue.UnbindKey);
        await _venue.DeleteAsync($"devices/{device}");
        _venue.Use(TestVenue.ReadWriteKey);
        string second = await PostedAsync(await _venue.OpenAsync(await _venue.BindAsync("finish-1")), [1]);
        ToolRun run = await RelayAsync("--json");
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        await RequireSameAsync(first, CloudToken(run, first));
        await RequireSameAsync(second, CloudToken(run, second));
        Assert.Single(await _atCloud.Cloud.GetDevicesAsync(Cancelled).ToListAsync(Cancelled));
    }

    [Fact]
    public async Task numbers_that_no_request_can_carry_are_counted_and_the_others_arrive()
    {
        string token = await PostedAsync(await _venue.OpenAsync(), [1, 2]);
        await _venue.PostAsync(
            "passings", TestVenue.Body(token, [TestVenue.Passing(int.MaxValue), TestVenue.Passing(long.MaxValue)]));
        for (int run = 0; run < 2; run++)
        {
            ToolRun relayed = await RelayAsync("--json");
            Assert.Equal((ExitCode.Refused, ""), (relayed.ExitCode, relayed.Error));
            Assert.Equal((2, 2), (
                Sessions(relayed)[0].GetProperty("at_cloud").GetInt32(),
                Sessions(relayed)[0].GetProperty("unsendable").GetInt32()));
        }
    }

    [Fact]
    public async Task a_cloud_that_is_gone_at_the_next_start_ends_it_at_once()
    {
        string token = await PostedAsync(await _venue.OpenAsync(), [1]);
        Assert.Equal(ExitCode.Done, (await RelayAsync()).ExitCode);
        await PostedAsync(token, [2]);
        await _cloud.Server.StopAsync(Cancelled);
        ToolRun run = await RelayAsync();
        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Contains("the cloud does not answer", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_server_that_goes_away_in_the_middle_ends_it_when_nothing_has_moved_for_long()
    {
        await PostedAsync(await _venue.OpenAsync(), [1, 2]);
        using BreakingLink link = new(1);
        using HttpClient http = new(link) { BaseAddress = _cloud.Server.BaseAddress };
        link.BreakAfter = 3; // Binding, looking, opening.
        using RelayState state = RelayState.Open(State, "cloud");
        RelayRun relay = new(
            Silent, _atVenue.Cloud, new(http, TestVenue.ReadWriteKey), state, new() { Quiet = true }, new SwiftTime(2_000));
        RelayReport report = await relay.RunAsync(Cancelled);
        Assert.Equal((ExitCode.Unreachable, 2L), (relay.ExitCode, report.Left));
    }

    [Fact]
    public async Task a_state_file_that_cannot_be_written_ends_it_and_what_was_sent_is_asked_about()
    {
        string token = await PostedAsync(await _venue.OpenAsync(), Enumerable.Range(1, 1_200));
        foreach (string table in (string[])["sessions", "known"])
        {
            using (SqliteConnection file = new($"Data Source={State};Pooling=False"))
            {
                using (RelayState.Open(State, _cloud.Server.BaseAddress.ToString()))
                {
                }

                file.Open();
                using SqliteCommand command = file.CreateCommand();
                command.CommandText = $"CREATE TRIGGER full BEFORE {(table == "known" ? "INSERT" : "UPDATE")} ON {table} "
                    + "BEGIN SELECT RAISE(FAIL, 'disk full'); END";
                command.ExecuteNonQuery();
            }

            ToolRun run = await RelayAsync("--json");
            Assert.Equal(ExitCode.BadInput, run.ExitCode);
            Assert.Contains("disk full", run.Error, StringComparison.Ordinal);
            using SqliteConnection healed = new($"Data Source={State};Pooling=False");
            healed.Open();
            using SqliteCommand drop = healed.CreateCommand();
            drop.CommandText = "DROP TRIGGER full";
            drop.ExecuteNonQuery();
        }

        ToolRun last = await RelayAsync("--json");
        Assert.Equal((ExitCode.Done, ""), (last.ExitCode, last.Error));
        await RequireSameAsync(token, CloudToken(last, token));
        Assert.Equal((1_200L, 0L), (_cloud.Server.Counters.Inserted, _cloud.Server.Counters.Conflicts));
    }

    [Fact]
    public async Task a_venue_server_of_others_that_says_neither_counts_nor_states_is_relayed_and_nothing_is_closed()
    {
        string device = await _venue.BindAsync("finish-1");
        string first = await PostedAsync(await _venue.OpenAsync(device), [3, 1, 2]);
        string second = await PostedAsync(await _venue.OpenAsync(device), [1]);
        using TerseVenue terse = new();
        using HttpClient http = new(terse) { BaseAddress = _venue.Server.BaseAddress };
        for (int round = 0; round < 2; round++)
        {
            using RelayState state = RelayState.Open(State, _cloud.Server.BaseAddress.ToString());
            RelayRun relay = new(
                Silent, new(http, TestVenue.ReadKey), _atCloud.Cloud, state, new() { Quiet = true });
            await relay.RunAsync(Cancelled);
            Assert.Equal(ExitCode.Done, relay.ExitCode);
            await PostedAsync(second, [2, 0]);
        }

        ToolRun run = await RelayAsync("--json");
        await RequireSameAsync(first, CloudToken(run, first));
        await RequireSameAsync(second, CloudToken(run, second));
    }

    [Fact]
    public async Task what_the_named_session_has_already_is_no_alarm_wherever_it_lies()
    {
        string cloud = await _cloud.OpenAsync(await _cloud.BindAsync("finish-1"));
        await _cloud.PostAsync(
            "passings", TestVenue.Body(cloud, Enumerable.Range(600, 900).Select(n => TestVenue.Passing(n))));
        string venue = await PostedAsync(await _venue.OpenAsync(), Enumerable.Range(1, 2_000));
        ToolRun run = await RelayAsync("--json", "--map", $"{venue}={cloud}");
        Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
        await RequireSameAsync(venue, cloud);
    }

    [Fact]
    public async Task following_it_opens_no_session_over_one_that_the_cloud_refuses_for_now_and_goes_on_when_that_is_mended()
    {
        string device = await _venue.BindAsync("finish-1");
        await PostedAsync(await _venue.OpenAsync(device), [1, 2]);
        using GatedServer cloud = new()
        {
            Refuses = request => request.RequestUri!.AbsolutePath.EndsWith("/passings", StringComparison.Ordinal),
        };
        using GatedServer venue = new();
        using HttpClient toCloud = new(cloud) { BaseAddress = _cloud.Server.BaseAddress };
        using HttpClient toVenue = new(venue) { BaseAddress = _venue.Server.BaseAddress };
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        using RelayState state = RelayState.Open(State, "cloud");
        RelayRun relay = new(
            Silent, new(toVenue, TestVenue.ReadKey), new(toCloud, TestVenue.ReadWriteKey), state,
            new() { Follow = true, Every = TimeSpan.FromSeconds(1), Quiet = true }, new SwiftTime(50));
        Task<RelayReport> running = relay.RunAsync(ending.Token);
        await cloud.AfterAsync(4, Cancelled); // Binds, looks, opens, is refused.
        await PostedAsync(await _venue.OpenAsync(device), [1]);
        await venue.AfterAsync(12, Cancelled);
        string bound = Assert.Single(await _atCloud.Cloud.GetDevicesAsync(Cancelled).ToListAsync(Cancelled)).DeviceId;
        Assert.True(Assert.Single(
            await _atCloud.Cloud.GetSessionsAsync(bound, Cancelled).ToListAsync(Cancelled)).Active);

        cloud.Refuses = _ => false; // The key was mended.
        await InsertedAsync(3);
        await ending.CancelAsync();
        await running;
        Assert.Equal(ExitCode.Refused, relay.ExitCode);
        Assert.Equal((3L, 0L), (_cloud.Server.Counters.Inserted, _cloud.Server.Counters.Duplicates));
    }

    [Fact]
    public async Task a_key_the_cloud_refuses_stops_it_with_words_and_nothing_is_lost()
    {
        string token = await PostedAsync(await _venue.OpenAsync(), [1, 2]);
        ToolRun run = await RelayAsync("--json", "--api-key", TestVenue.ReadKey);
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("SN-1: NOT RELAYED:", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(TestVenue.ReadKey, run.Error, StringComparison.Ordinal);
        run = await RelayAsync("--json");
        await RequireSameAsync(token, CloudToken(run, token));
    }

    [Fact]
    public async Task the_data_file_of_a_server_that_does_not_run_is_enough()
    {
        string file = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "venue")).FullName, "venue.db");
        string token;
        await using (TestVenue venue = await TestVenue.StartAsync(TestVenue.Options with { DataFile = file }))
        {
            token = await venue.OpenAsync();
            await venue.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(1)));
            await venue.Server.DisposeAsync(); // Disposing the double would remove the file.
            ToolRun run = await RelayFromAsync(["--data", file], ["--json"], Cancelled);
            Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Error));
            Assert.Equal(1, run.Lines[0].GetProperty("relayed").GetInt32());
            run = await RelayFromAsync(["--data", file, "--company", "nobody"], ["--state", State + "2"], Cancelled);
            Assert.Equal(ExitCode.BadInput, run.ExitCode);
            Assert.Contains("has no company 'nobody'; --company is one of: default.", run.Error, StringComparison.Ordinal);
            run = await RelayFromAsync(["--data", file + "x"], [], Cancelled);
            Assert.Equal(ExitCode.BadInput, run.ExitCode);
        }
    }

    [Fact]
    public async Task a_state_file_is_for_one_cloud_and_for_one_relay_at_a_time()
    {
        await PostedAsync(await _venue.OpenAsync(), [1]);
        Assert.Equal(ExitCode.Done, (await RelayAsync()).ExitCode);
        ToolRun run = await RelayAsync("--base-address", "http://127.0.0.1:1/v0/");
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains("give another file for that", run.Error, StringComparison.Ordinal);
        using (RelayState.Open(State, _cloud.Server.BaseAddress.ToString()))
        {
            run = await RelayAsync();
            Assert.Equal(ExitCode.BadInput, run.ExitCode);
            Assert.Contains("is in use by another relay", run.Error, StringComparison.Ordinal);
        }

        File.WriteAllText(State, "these are notes, not a relay's file");
        run = await RelayAsync();
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains("cannot be used", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_server_that_cannot_be_reached_ends_it_at_once_unless_it_follows()
    {
        await PostedAsync(await _venue.OpenAsync(), [1]);
        ToolRun run = await RelayAsync("--base-address", "http://127.0.0.1:1/v0/");
        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Contains("the cloud does not answer", run.Error, StringComparison.Ordinal);
        run = await RelayFromAsync(
            ["--from", "http://127.0.0.1:1/v0/", "--from-api-key", "k"], ["--state", State + "2"], Cancelled);
        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        Assert.Contains("the venue server does not answer", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--map", "a", "write it as VENUE=CLOUD")]
    [InlineData("--map", "a=b=c", "write it as VENUE=CLOUD")]
    [InlineData("--data", "x.db", "one of them")]
    public async Task what_cannot_be_meant_is_refused(string option, string value, string words)
    {
        ToolRun run = await RelayAsync(option, value);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
    }

    static Terminal Silent => new(TextWriter.Null, TextWriter.Null);

    Task<ToolRun> RelayAsync(params string[] arguments) => RelayAsync(Cancelled, arguments);

    Task<ToolRun> RelayAsync(CancellationToken cancellation, params string[] arguments) => RelayFromAsync(
        ["--from", _venue.Server.BaseAddress.ToString(), "--from-api-key", TestVenue.ReadKey], arguments, cancellation);

    Task<ToolRun> RelayFromAsync(string[] from, string[] arguments, CancellationToken cancellation)
    {
        string[] state = arguments.Contains("--state") ? [] : ["--state", State];
        string[] address = arguments.Contains("--base-address") ? []
            : ["--base-address", _cloud.Server.BaseAddress.ToString()];
        string[] key = arguments.Contains("--api-key") ? [] : ["--api-key", TestVenue.ReadWriteKey];
        return ToolRun.Of(cancellation, ["relay", .. from, .. state, .. address, .. key, .. arguments]);
    }

    async Task<string> PostedAsync(string token, IEnumerable<int> numbers)
    {
        Answer answer = await _venue.PostAsync("passings", TestVenue.Body(token, numbers.Select(n => TestVenue.Passing(n))));
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        return token;
    }

    /// <summary>Until the cloud has so many.</summary>
    async Task InsertedAsync(int count)
    {
        while (_cloud.Server.Counters.Inserted < count)
            await Task.Delay(10, Cancelled);
    }

    /// <summary>Both servers give the same passings for the two sessions, their order and the identifiers apart.</summary>
    async Task RequireSameAsync(string venue, string cloud)
    {
        List<CloudPassing> expected = await _atVenue.Cloud.GetSessionPassingsAsync(venue, null, null, Cancelled)
            .Select(Content).ToListAsync(Cancelled);
        Assert.NotEmpty(expected);
        Assert.Equal(expected, await _atCloud.Cloud.GetSessionPassingsAsync(cloud, null, null, Cancelled)
            .Select(Content).ToListAsync(Cancelled));

        static CloudPassing Content(CloudPassing passing) => passing with { TokenSession = null, DeviceId = null };
    }

    static JsonElement[] Sessions(ToolRun run) => [.. run.Lines[0].GetProperty("sessions").EnumerateArray()];

    static string CloudToken(ToolRun run, string venue) => Sessions(run)
        .Single(session => session.GetProperty("venue_token").GetString() == venue)
        .GetProperty("cloud_token").GetString()!;

    /// <summary>Counts requests, and refuses some with 403.</summary>
    sealed class GatedServer() : DelegatingHandler(new SocketsHttpHandler())
    {
        readonly SemaphoreSlim _seen = new(0);

        public Func<HttpRequestMessage, bool> Refuses { get; set; } = _ => false;

        /// <summary>Waits for so many more requests.</summary>
        public async Task AfterAsync(int requests, CancellationToken cancellation)
        {
            for (int i = 0; i < requests; i++)
                await _seen.WaitAsync(cancellation);
        }

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            _seen.Release();
            return Refuses(request)
                ? new(HttpStatusCode.Forbidden) { Content = new StringContent("") }
                : await base.SendAsync(request, cancellationToken);
        }

        protected override void Dispose(bool disposing)
        {
            _seen.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>Leaves out what a server need not say of a session.</summary>
    sealed class TerseVenue() : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage answer = await base.SendAsync(request, cancellationToken);
            if (request.RequestUri!.AbsolutePath.Contains("/sessions/", StringComparison.Ordinal))
            {
                JsonNode root = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken))!;
                foreach (JsonObject session in (root["result"] as JsonArray ?? [root]).OfType<JsonObject>())
                {
                    foreach (string name in (string[])["active", "passings", "creation_date", "first", "last"])
                        session.Remove(name);
                }

                answer.Content = new StringContent(root.ToJsonString());
            }

            return answer;
        }
    }
}
