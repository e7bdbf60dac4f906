using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using RufusIngest.Server;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Server;

public sealed class PostgresVenueStoreTests : IDisposable
{
    const string Secret = "hunter2-secret";

    readonly PostgresSchema _schema = PostgresSchema.New();

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    VenueServerOptions Options => TestVenue.Options with { Postgres = _schema.ConnectionString };

    public void Dispose() => _schema.Dispose();

    [Fact]
    public async Task a_server_that_starts_again_has_everything()
    {
        var token = "";
        await using (var first = await StartAsync())
        {
            token = await first.OpenAsync();
            await first.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(1), TestVenue.Passing(2)));
        }

        await using var second = await StartAsync();
        var session = (await second.GetAsync($"sessions/{token}")).Json.GetProperty("result")[0];
        Assert.Equal(2, session.GetProperty("passings").GetInt32());
        var read = await second.GetAsync($"passings/session/{token}");
        Assert.Equal(2, read.Json.GetProperty("pagination").GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task two_hosts_store_overlapping_batches_once()
    {
        const int Posters = 6, Posts = 25, Size = 40;
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        string[] tokens = [await one.OpenAsync(), await two.OpenAsync(await two.BindAsync("SN-2"))];
        var inserted = await Task.WhenAll(Enumerable.Range(0, Posters).Select(poster => Task.Run(async () =>
        {
            var host = poster % 2 == 0 ? one : two;
            var sum = new int[2];
            for (var i = 0; i < Posts; i++)
            {
                // Posters meet in most numbers; each goes its own way through them.
                var first = ((i * 7) + (poster * 3)) % Posts * (Size / 2);
                var numbers = Enumerable.Range(first + 1, Size).Select(n => TestVenue.Passing(n));
                var answer = await host.PostAsync("passings", TestVenue.Body(tokens[i % 2], numbers));
                Assert.Contains("\"inserted_count\"", answer.Body, StringComparison.Ordinal);
                sum[i % 2] += answer.Json.GetProperty("inserted_count").GetInt32();
            }

            return sum;
        })));
        foreach (var (at, token) in tokens.Index())
        {
            var stored = (long)_schema.Value(
                $"SELECT count(*) FROM passings p JOIN sessions s ON s.id = p.session WHERE token = '{token}'")!;
            Assert.Equal(stored, inserted.Sum(sums => sums[at]));
            Assert.Equal(
                $"{stored} {true} {true}",
                _schema.Value(
                    $"""
                    SELECT concat_ws(' ', s.passings,
                        CASE WHEN s.first_ms = (SELECT min(time_ms) FROM passings WHERE session = s.id) THEN 'True' END,
                        CASE WHEN s.last_ms = (SELECT max(time_ms) FROM passings WHERE session = s.id) THEN 'True' END)
                    FROM sessions s WHERE token = '{token}'
                    """));
        }

        Assert.Equal(0, two.Server.Counters.Conflicts + one.Server.Counters.Conflicts);
    }

    [Fact]
    public async Task hosts_bind_a_serial_number_once_and_leave_one_session_active()
    {
        await using var one = await OpenStoreAsync();
        await using var two = await OpenStoreAsync();
        var company = await one.CompanyAsync("c");
        for (var round = 0; round < 5; round++)
        {
            var serial = $"S{round}";
            var bound = await AllAsync(store => store.BindAsync(company, new(serial, "M", null, null, null)).AsTask());
            var device = Assert.Single(bound.Select(answer => answer.DeviceId).Distinct());
            Assert.Single(bound, answer => answer.IsNew);
            var tokens = await AllAsync(store => store.OpenAsync(company, device, null).AsTask());
            Assert.Equal(tokens.Length, tokens.Distinct().Count());
            Assert.Equal(1L, _schema.Value(ActiveOf(device)));
            var closed = await AllAsync(store => store.UnbindAsync(company, device).AsTask());
            Assert.Single(closed, unbinds => unbinds);
            Assert.Equal(0L, _schema.Value(ActiveOf(device)));
        }

        Task<T[]> AllAsync<T>(Func<VenueStore, Task<T>> work) =>
            Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => work(i % 2 == 0 ? one : two), Cancelled)));

        static string ActiveOf(string device) =>
            "SELECT count(*) FROM sessions s JOIN devices d ON d.id = s.device "
            + $"WHERE d.device_id = '{device}' AND s.closed_ms IS NULL";
    }

    [Fact]
    public async Task what_is_inserted_while_another_host_closes_comes_before_or_is_refused()
    {
        await using var one = await OpenStoreAsync();
        await using var two = await OpenStoreAsync();
        var company = await one.CompanyAsync("c");
        var device = (await one.BindAsync(company, new("S", "M", null, null, null))).DeviceId;
        for (var round = 0; round < 10; round++)
        {
            var token = (await one.OpenAsync(company, device, null))!;
            var inserting = Task.Run(
                async () =>
                {
                    var stored = 0;
                    for (var number = 1; ; number++)
                    {
                        var result = await one.InsertAsync(company, token, Batch(number));
                        if (result.Status == InsertStatus.Closed)
                            return stored;
                        stored += result.Inserted;
                    }
                },
                Cancelled);
            Assert.True(await two.CloseAsync(company, token));
            var closed = (await two.FindSessionAsync(company, token, Cancelled))!.Info;
            Assert.Equal(await inserting, closed.Passings);
            Assert.False(await two.CloseAsync(company, token));
        }
    }

    [Fact]
    public async Task servers_that_start_first_at_once_make_one_key()
    {
        var starts = await Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
        {
            try
            {
                return await VenueServer.StartAsync(Options with { Keys = [] }, Cancelled);
            }
            catch (VenueDataException refused) when (refused.Message.Contains("start again", StringComparison.Ordinal))
            {
                return null;
            }
        }));
        Assert.Single(starts, server => server?.NewKey is not null);
        Assert.Equal(1L, _schema.Value("SELECT count(*) FROM keys"));
        foreach (var server in starts.OfType<VenueServer>())
            await server.DisposeAsync();
    }

    [Fact]
    public async Task a_key_is_kept_once_and_a_company_has_ten()
    {
        await using var one = await OpenStoreAsync();
        await using var two = await OpenStoreAsync();
        var company = await one.CompanyAsync("c");
        var other = await one.CompanyAsync("other");
        var added = await Task.WhenAll(Enumerable.Range(0, 14).Select(i => Task.Run(
            () => (i % 2 == 0 ? one : two).TryAddKeyAsync(Key($"key {i}", company, i)).AsTask(), Cancelled)));
        Assert.Equal(ApiKeys.MaxPerCompany, added.Count(kept => kept));
        var kept = await two.KeysAsync(Cancelled);
        Assert.Equal(ApiKeys.MaxPerCompany, kept.Length);
        Assert.False(await one.TryAddKeyAsync(kept[0] with { Company = other })); // The hash is taken.
        Assert.True(await one.RemoveKeyAsync(company, kept[0].Name));
        Assert.False(await one.RemoveKeyAsync(company, kept[0].Name));
        Assert.False(await one.TryAddKeyAsync(Key(kept[1].Name, company, 99))); // The name is.
        Assert.True(await one.TryAddKeyAsync(Key(kept[1].Name, other, 99)));
        Assert.True(await one.TryAddKeyAsync(kept[0]));
        Assert.Equivalent(kept[0], (await two.KeysAsync(Cancelled)).Single(key => key.Hash.SequenceEqual(kept[0].Hash)));

        static StoredKey Key(string name, int company, int number) =>
            new(name, SHA256.HashData(BitConverter.GetBytes(number)), VenueAccess.Read, company);
    }

    [Fact]
    public async Task a_device_that_a_host_which_is_gone_still_holds_makes_no_other_wait_for_long()
    {
        await using var venue = await StartAsync();
        var held = await venue.OpenAsync(await venue.BindAsync("held"));
        var free = await venue.OpenAsync(await venue.BindAsync("free"));
        using (var gone = _schema.Connect())
        {
            gone.Execute("BEGIN; SELECT id FROM devices WHERE serial_number = 'held'::bytea FOR UPDATE");

            // The first is alone; the others wait for it together, and are one group.
            var posts = Enumerable.Range(1, 6).Select(i => venue.PostAsync(
                "passings", TestVenue.Body(i % 2 == 1 ? held : free, TestVenue.Passing(i)))).ToArray();
            var answers = await Task.WhenAll(posts);
            Assert.Equal(
                [503, 201, 503, 201, 503, 201], answers.Select(answer => (int)answer.Status));
            gone.Execute("ROLLBACK");
        }

        Assert.Equal(
            HttpStatusCode.Created, (await venue.PostAsync("passings", TestVenue.Body(held, TestVenue.Passing(1)))).Status);
    }

    [Fact]
    public async Task a_commit_whose_answer_is_lost_is_503_and_sent_again_it_counts_as_duplicates()
    {
        await using var line = new CommitCutter(_schema.ConnectionString);
        await using var venue = await TestVenue.StartAsync(Options with { Postgres = line.ConnectionString });
        var token = await venue.OpenAsync();
        var body = TestVenue.Body(token, Enumerable.Range(1, 5).Select(n => TestVenue.Passing(n)));
        line.CutNext();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await venue.PostAsync("passings", body)).Status);
        await line.HasCut.WaitAsync(Cancelled);
        var again = await venue.PostAsync("passings", body);
        Assert.Equal(
            (0, 5),
            (again.Json.GetProperty("inserted_count").GetInt32(), again.Json.GetProperty("duplicate_count").GetInt32()));

        line.CutNext();
        const string Device = """{"model":"M","serial_number":"SN-2"}""";
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await venue.PostAsync("devices", Device)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await venue.PostAsync("devices", Device)).Status); // It is bound.
        Assert.Equal(2L, _schema.Value("SELECT count(*) FROM devices"));
    }

    [Fact]
    public async Task broken_connections_heal_and_lose_nothing()
    {
        const int Posts = 60;
        await using var venue = await StartAsync();
        var token = await venue.OpenAsync();
        var (answered, refused) = (0, 0);
        var posting = Task.Run(
            async () =>
            {
                for (var i = 0; i < Posts;)
                {
                    var numbers = Enumerable.Range((i * 10) + 1, 10);
                    var body = TestVenue.Body(token, numbers.Select(n => TestVenue.Passing(n)));
                    var answer = await venue.PostAsync("passings", body);
                    if (answer.Status == HttpStatusCode.ServiceUnavailable)
                    {
                        refused++;
                        continue;
                    }

                    Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Body);
                    Interlocked.Increment(ref answered);
                    i++;
                }
            },
            Cancelled);
        while (!posting.IsCompleted)
        {
            EndConnections();
            var before = Volatile.Read(ref answered);
            while (!posting.IsCompleted && Volatile.Read(ref answered) < before + 3)
                await Task.Yield();
        }

        await posting;
        EndConnections();
        var read = await venue.GetAsync($"passings/session/{token}?limit=1");
        Assert.Equal(Posts * 10, read.Json.GetProperty("pagination").GetProperty("total").GetInt32());
        Assert.True(refused <= Posts, $"{refused}");
    }

    [Fact]
    public async Task a_database_that_lets_nobody_in_for_a_while_is_503_loses_nothing_and_heals()
    {
        using var role = new Role(_schema);
        using var logs = new CapturedLogs();
        await using var venue = await TestVenue.StartAsync(
            Options with { Postgres = role.ConnectionString, LoggerFactory = logs });
        var token = await venue.OpenAsync();
        var body = TestVenue.Body(token, TestVenue.Passing(1));
        await venue.PostAsync("passings", body);
        role.Limit(0);
        for (var i = 0; i < 2; i++)
        {
            (await venue.PostAsync("passings", body)).Says(
                HttpStatusCode.ServiceUnavailable, "The data cannot be reached: the database has too many connections");
        }

        using (var response = await venue.Client.GetAsync($"sessions/{token}", Cancelled))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.Equal(5, response.Headers.RetryAfter?.Delta?.TotalSeconds);
        }

        role.Limit(-1);
        var more = TestVenue.Body(token, TestVenue.Passing(1), TestVenue.Passing(2));
        var healed = (await venue.PostAsync("passings", more)).Json;
        Assert.Equal(
            (1, 1),
            (healed.GetProperty("inserted_count").GetInt32(), healed.GetProperty("duplicate_count").GetInt32()));
        Assert.Single(logs.Lines, line => line.Level == LogLevel.Error);
        Assert.Contains(logs.Lines, line => line.Text == "Storing works again");
        Assert.DoesNotContain(logs.Lines, line => line.Text.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task a_default_of_not_waiting_for_the_disk_is_overruled_and_the_connection_stays_so()
    {
        using var role = new Role(_schema);
        _schema.Execute($"ALTER ROLE {role.Name} SET synchronous_commit = off");
        await using var database = await PostgresDatabase.OpenAsync(
            role.ConnectionString + ";Maximum Pool Size=1", Cancelled);
        for (var i = 0; i < 2; i++)
            Assert.Equal("on", await SettingAsync("synchronous_commit"));
        _schema.Execute($"ALTER ROLE {role.Name} SET synchronous_commit = remote_apply");
        EndConnections();
        Assert.Equal("remote_apply", await SettingAsync("synchronous_commit"));
        Assert.Equal("20s", await SettingAsync("idle_in_transaction_session_timeout"));

        ValueTask<string> SettingAsync(string name) => database.ReadAsync(
            async connection => (await connection.Command($"SHOW {name}").ListAsync(row => row.GetString(0)))[0],
            Cancelled);
    }

    [Theory]
    [InlineData("40001", 4, "the database is busy", true)]
    [InlineData("40P01", 4, "the database is busy", true)]
    [InlineData("53100", 1, "the database's disk is full", true)]
    [InlineData("58030", 1, "the database is busy", true)]
    [InlineData("57014", 1, "the database is busy", true)]
    [InlineData("25006", 1, "the database is read-only", true)]
    [InlineData("23505", 1, "the database refuses", false)]
    [InlineData("XX001", 1, "the database refuses", false)]
    public async Task what_others_were_in_the_way_of_is_tried_a_few_times(
        string state, int tries, string words, bool mayHeal)
    {
        await using var database = await PostgresDatabase.OpenAsync(_schema.ConnectionString, Cancelled);
        var tried = 0;
        var failure = await Assert.ThrowsAsync<VenueDataException>(() => FailAsync(times: 99));
        Assert.Equal((tries, words, mayHeal), (tried, failure.Words, failure.MayHeal));
        if (tries > 1)
            Assert.Equal(3, await FailAsync(times: 2));

        async Task<int> FailAsync(int times)
        {
            tried = 0;
            return await database.WriteAsync(async connection =>
            {
                if (++tried <= times)
                    await connection.ExecuteAsync($"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$");
                return tried;
            });
        }
    }

    [Theory]
    [InlineData("Port=1", "the database cannot be reached", true)]
    [InlineData("Username=nobody_such", "the database cannot be reached", false)]
    [InlineData("Database=none_such", "the database cannot be reached", false)]
    [InlineData("Search Path=none_such", "", false)]
    public async Task a_start_that_cannot_reach_it_says_where_and_never_the_password(
        string wrong, string words, bool mayHeal)
    {
        using var role = new Role(_schema);
        using var logs = new CapturedLogs();
        var builder = new NpgsqlConnectionStringBuilder($"{role.ConnectionString};{wrong}");
        Assert.Equal(Secret, builder.Password);
        var options = Options with { Postgres = builder.ConnectionString, LoggerFactory = logs };
        var refused = await Assert.ThrowsAsync<VenueDataException>(() => VenueServer.StartAsync(options, Cancelled));
        Assert.Equal((words, mayHeal), (refused.Words, refused.MayHeal));
        Assert.StartsWith(
            $"PostgreSQL at {builder.Host}:{builder.Port}, database {builder.Database}: ", refused.Message,
            StringComparison.Ordinal);
        string[] all = [refused.ToString(), options.ToString(), options.DataPlace, string.Join(' ', logs.Lines)];
        foreach (var said in all)
            Assert.DoesNotContain(Secret, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=h;Password=hunter2-secret;Nonsense=1")]
    [InlineData("Host=h;Port=hunter2-secret")]
    [InlineData("Password=hunter2-secret")]
    [InlineData("postgres://user:hunter2-secret@host/db")]
    [InlineData("")]
    public async Task a_connection_string_that_cannot_be_read_is_refused_and_not_repeated(string text)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(
            () => VenueServer.StartAsync(Options with { Postgres = text }, Cancelled));
        Assert.Contains("write it like", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_file_and_a_database_are_refused() => await Assert.ThrowsAsync<ArgumentException>(
        () => VenueServer.StartAsync(Options with { DataFile = "venue.db" }, Cancelled));

    [Fact]
    public async Task identifiers_and_texts_of_any_kind_are_taken_as_elsewhere()
    {
        await using var venue = await StartAsync();
        var long4K = string.Concat(Enumerable.Range(0, 64).Select(_ => Hex64.Next()));
        await using var store = await OpenStoreAsync();
        var company = await store.CompanyAsync("zürich");
        var description = new DeviceDescription(long4K, "a\0b", "\ud83d\ude00", "", null);
        var device = (await store.BindAsync(company, description)).DeviceId;
        Assert.Equal(description, (await store.FindDeviceAsync(company, device, Cancelled))?.Description);
        Assert.False((await store.BindAsync(company, description)).IsNew);
        string[] paths = ["devices/{0}", "sessions/{0}", "sessions/device/{0}/active", "passings/session/{0}"];
        foreach (var id in new[] { "%00", "a%00b", "%C3%BC", "%ED%A0%80", "%F0%9F%98%80" })
        {
            foreach (var path in paths)
            {
                using var answer = await venue.Client.GetAsync(
                    path.Replace("{0}", id, StringComparison.Ordinal), Cancelled);
                Assert.True(answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, path + id);
            }
        }

        var unknown = await venue.PostAsync("passings", TestVenue.Body("a\\u0000", TestVenue.Passing(1)));
        Assert.Equal(HttpStatusCode.NotFound, unknown.Status);
    }

    /// <summary>Closes the server's side of every connection to the schema but this one's.</summary>
    void EndConnections() => _schema.Execute(
        $"""
        SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
        WHERE application_name = '{_schema.Name}' AND pid <> pg_backend_pid()
        """);

    Task<TestVenue> StartAsync() => TestVenue.StartAsync(Options);

    Task<PostgresVenueStore> OpenStoreAsync() => PostgresVenueStore.OpenAsync(
        _schema.ConnectionString, TestVenue.Clock, NullLogger.Instance, Cancelled);

    static PassingsBatch Batch(long number)
    {
        var batch = new PassingsBatch();
        ref var passing = ref batch.Add();
        (passing.Number, passing.TimeMs) = (number, number);
        return batch;
    }

    /// <summary>A user that may do everything in the schema, and nothing else.</summary>
    sealed class Role : IDisposable
    {
        readonly PostgresSchema _schema;

        public Role(PostgresSchema schema)
        {
            (_schema, Name) = (schema, schema.Name + "_role");
            schema.Execute(
                $"CREATE ROLE {Name} LOGIN PASSWORD '{Secret}'; GRANT USAGE, CREATE ON SCHEMA {schema.Name} TO {Name}");
            ConnectionString = new NpgsqlConnectionStringBuilder(schema.ConnectionString)
            {
                Username = Name,
                Password = Secret,
            }.ConnectionString;
        }

        public string Name { get; }

        public string ConnectionString { get; }

        /// <summary>How many connections it may have; those it has are closed.</summary>
        public void Limit(int connections) => _schema.Execute(
            $"""
            ALTER ROLE {Name} CONNECTION LIMIT {connections};
            SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = '{Name}'
            """);

        public void Dispose() => _schema.Execute($"DROP OWNED BY {Name} CASCADE; DROP ROLE {Name}");
    }
}
