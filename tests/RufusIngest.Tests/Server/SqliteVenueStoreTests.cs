using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using RufusIngest.Server;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Server;

public sealed class SqliteVenueStoreTests : IDisposable
{
    readonly string _file = VenueData.NewFile();

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    VenueServerOptions Options => TestVenue.Options with { DataFile = _file };

    string Folder => Path.GetDirectoryName(_file)!;

    public void Dispose()
    {
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    [Fact]
    public async Task a_server_that_starts_again_has_everything()
    {
        string device, token;
        string[] paths;
        List<string> before = [];
        await using (var server = await VenueServer.StartAsync(Options, Cancelled))
        {
            var client = new Calls(server);
            (device, token) = await client.OpenAsync();
            await client.InsertAsync(token, 1, 2, 3);
            await client.OpenAsync(device);
            paths =
            [
                "devices", $"devices/{device}", $"sessions/{token}", $"sessions/device/{device}",
                $"sessions/device/{device}/active", $"passings/session/{token}", $"passings/device/{device}",
            ];
            foreach (var path in paths)
                before.Add(await client.GetAsync(path));
        }

        Assert.False(File.Exists(_file + "-wal")); // The end folded it in.
        await using var again = await VenueServer.StartAsync(Options, Cancelled);
        List<string> after = [];
        foreach (var path in paths)
            after.Add(await new Calls(again).GetAsync(path));
        Assert.Equal(before, after);
        Assert.Contains("\"passings\":3", after[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task what_was_answered_is_in_the_file_and_its_log_at_that_moment()
    {
        await using var server = await VenueServer.StartAsync(Options, Cancelled);
        var client = new Calls(server);
        var (_, token) = await client.OpenAsync();
        await client.InsertAsync(token, 1, 2);
        var copy = Path.Combine(Folder, "copy.db");
        File.Copy(_file, copy);
        File.Copy(_file + "-wal", copy + "-wal");
        await client.InsertAsync(token, 3);
        await using var other = await VenueServer.StartAsync(Options with { DataFile = copy }, Cancelled);
        Assert.Contains(
            "\"passings\":2", await new Calls(other).GetAsync($"sessions/{token}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_second_server_on_the_file_is_refused_until_the_first_ends()
    {
        await using (var first = await VenueServer.StartAsync(Options, Cancelled))
        {
            var refused = await Assert.ThrowsAsync<VenueDataException>(() => VenueServer.StartAsync(Options, Cancelled));
            Assert.Contains("another server is using this file", refused.Message, StringComparison.Ordinal);
        }

        await using var second = await VenueServer.StartAsync(Options, Cancelled);
    }

    [Fact]
    public async Task a_full_disk_is_503_loses_nothing_and_heals()
    {
        using var logs = new CapturedLogs();
        await using var venue = await TestVenue.StartAsync(Options with { LoggerFactory = logs });
        var token = await venue.OpenAsync();
        await venue.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(1)));
        var store = (SqliteVenueStore)venue.Server.Store;
        await LimitAsync(1);
        var body = TestVenue.Body(token, Enumerable.Range(1, 2_000).Select(n => TestVenue.Passing(n)));
        for (var i = 0; i < 2; i++)
        {
            (await venue.PostAsync("passings", body)).Says(
                HttpStatusCode.ServiceUnavailable, "The data cannot be reached: database or disk is full");
        }

        using (var content = new StringContent(body))
        using (var response = await venue.Client.PostAsync("passings", content, Cancelled))
            Assert.Equal(5, response.Headers.RetryAfter?.Delta?.TotalSeconds);
        var session = (await venue.GetAsync($"sessions/{token}")).Json.GetProperty("result")[0];
        Assert.Equal(1, session.GetProperty("passings").GetInt32());
        await LimitAsync(1_000_000);
        var healed = (await venue.PostAsync("passings", body)).Json;
        Assert.Equal(
            (1_999, 1), (healed.GetProperty("inserted_count").GetInt32(), healed.GetProperty("duplicate_count").GetInt32()));
        Assert.Equal(new VenueCounters(2_000, 1, 0, 0, 0, 0) { Unavailable = 3 }, venue.Server.Counters);
        Assert.Single(logs.Lines, line => line.Level == LogLevel.Error);

        ValueTask<long> LimitAsync(int pages) =>
            store.WriteAsync(writer => writer.Database.Number($"PRAGMA max_page_count = {pages}"));
    }

    [Fact]
    public async Task a_file_that_cannot_be_read_is_not_ready_and_the_server_lives_on()
    {
        await using var venue = await TestVenue.StartAsync(Options);
        var store = (SqliteVenueStore)venue.Server.Store;
        await store.WriteAsync(writer => writer.Database.Number("ALTER TABLE keys RENAME TO taken"));
        venue.Use(null);
        (await venue.GetAsync("/health/ready")).Says(
            HttpStatusCode.ServiceUnavailable, "The data cannot be reached: no such table: keys");
        (await venue.GetAsync("/health/live")).Says(HttpStatusCode.OK, "Success");
        await store.WriteAsync(writer => writer.Database.Number("ALTER TABLE taken RENAME TO keys"));
        (await venue.GetAsync("/health/ready")).Says(HttpStatusCode.OK, "Success");
        Assert.Equal(1, venue.Server.Counters.Unavailable);
    }

    [Fact]
    public async Task what_waits_is_committed_together_or_not_at_all()
    {
        await using var venue = await TestVenue.StartAsync(Options);
        var token = await venue.OpenAsync();
        var store = (SqliteVenueStore)venue.Server.Store;
        using var entered = new SemaphoreSlim(0);
        using var gate = new SemaphoreSlim(0);
        var holding = store.WriteAsync(_ =>
        {
            entered.Release();
            return gate.Wait(TimeSpan.FromSeconds(30), Cancelled);
        }).AsTask();
        await entered.WaitAsync(Cancelled);
        var binding = store.BindAsync(1, new("waits", "M", null, null, null)).AsTask();
        var failing = store.WriteAsync<int>(_ => throw new InvalidOperationException("planned")).AsTask();
        Assert.False(binding.IsCompleted); // Not answered before its commit.
        gate.Release();
        Assert.True(await holding);
        await Assert.ThrowsAsync<InvalidOperationException>(() => failing);
        await Assert.ThrowsAsync<InvalidOperationException>(() => binding);
        Assert.Single((await venue.GetAsync("devices")).Json.GetProperty("result").EnumerateArray());
        Assert.True((await store.BindAsync(1, new("waits", "M", null, null, null))).IsNew);
        Assert.NotNull(token);
    }

    [Fact]
    public async Task a_backup_of_a_running_server_is_a_data_file_of_one_instant()
    {
        await using var server = await VenueServer.StartAsync(Options, Cancelled);
        var client = new Calls(server);
        var (_, token) = await client.OpenAsync();
        await client.InsertAsync(token, 1, 2, 3);
        var backup = Path.Combine(Folder, "backup.db");
        await VenueServer.BackupAsync(_file, backup, Cancelled);
        await client.InsertAsync(token, 4);
        await Assert.ThrowsAsync<VenueDataException>(() => VenueServer.BackupAsync(_file, backup, Cancelled));
        await Assert.ThrowsAsync<VenueDataException>(
            () => VenueServer.BackupAsync(Path.Combine(Folder, "none.db"), backup + "2", Cancelled));
        Assert.Equal(
            ["backup.db", "venue.db", "venue.db-lock", "venue.db-shm", "venue.db-wal"],
            Directory.EnumerateFiles(Folder).Select(Path.GetFileName).Order());
        await using var restored = await VenueServer.StartAsync(Options with { DataFile = backup }, Cancelled);
        Assert.Contains(
            "\"passings\":3", await new Calls(restored).GetAsync($"sessions/{token}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task the_first_key_is_made_told_once_and_kept_as_a_hash()
    {
        var options = Options with { Keys = [] };
        string key;
        await using (var first = await VenueServer.StartAsync(options, Cancelled))
        {
            key = first.NewKey!;
            Assert.Matches("^ror-[0-9a-f]{32}$", key);
            await new Calls(first, key).OpenAsync();
        }

        Assert.Equal(-1, File.ReadAllBytes(_file).AsSpan().IndexOf(Encoding.ASCII.GetBytes(key[4..])));
        await using (var second = await VenueServer.StartAsync(options, Cancelled))
        {
            Assert.Null(second.NewKey);
            Assert.Contains(
                "\"total\":1", await new Calls(second, key).GetAsync("devices"), StringComparison.Ordinal);
        }

        // The kept key and those of the options hold together, also when one is the other.
        VenueKey[] both = [.. TestVenue.Options.Keys, new("same", key, VenueAccess.Read)];
        await using var third = await VenueServer.StartAsync(options with { Keys = both }, Cancelled);
        Assert.Equal(await new Calls(third, key).GetAsync("devices"), await new Calls(third).GetAsync("devices"));
    }

    [Fact]
    public async Task a_start_that_fails_keeps_no_key_that_nobody_was_told()
    {
        await using var other = await TestVenue.StartAsync();
        var taken = new IPEndPoint(IPAddress.Loopback, other.Server.BaseAddress.Port);
        await Assert.ThrowsAsync<IOException>(
            () => VenueServer.StartAsync(Options with { Keys = [], EndPoint = taken }, Cancelled));
        await using var server = await VenueServer.StartAsync(Options with { Keys = [] }, Cancelled);
        Assert.NotNull(server.NewKey);
    }

    [Fact]
    public async Task memory_without_a_key_is_refused() => await Assert.ThrowsAsync<ArgumentException>(
        () => VenueServer.StartAsync(new VenueServerOptions(), Cancelled));

    [Fact]
    public async Task a_folder_that_is_not_there_is_named()
    {
        var file = Path.Combine(Folder, "none", "venue.db");
        var refused = await Assert.ThrowsAsync<VenueDataException>(
            () => VenueServer.StartAsync(Options with { DataFile = file }, Cancelled));
        Assert.StartsWith(file, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A client of a server whose file the test itself looks after.</summary>
    sealed class Calls(VenueServer server, string key = TestVenue.ReadWriteKey)
    {
        static readonly HttpClient _http = new();

        public async Task<(string Device, string Token)> OpenAsync(string? device = null)
        {
            device ??= (await PostAsync("devices", """{"model":"M","serial_number":"S"}""")).Text("deviceid");
            var opened = await PostAsync("sessions", $$"""{"deviceid":"{{device}}"}""");
            return (device, opened.Text("token_session"));
        }

        public async Task InsertAsync(string token, params int[] numbers)
        {
            var body = TestVenue.Body(token, numbers.Select(n => TestVenue.Passing(n)));
            Assert.Equal(HttpStatusCode.Created, (await PostAsync("passings", body)).Status);
        }

        public async Task<string> GetAsync(string path)
        {
            var answer = await SendAsync(new(HttpMethod.Get, new Uri(server.BaseAddress, path)));
            Assert.Equal((path, HttpStatusCode.OK), (path, answer.Status));
            return answer.Body;
        }

        Task<Answer> PostAsync(string path, string body) => SendAsync(
            new(HttpMethod.Post, new Uri(server.BaseAddress, path)) { Content = new StringContent(body) });

        async Task<Answer> SendAsync(HttpRequestMessage request)
        {
            using (request)
            {
                request.Headers.Add("x-api-key", key);
                using var response = await _http.SendAsync(request, Cancelled);
                return new(response.StatusCode, await response.Content.ReadAsStringAsync(Cancelled));
            }
        }
    }
}
