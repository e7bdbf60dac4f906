using System.Net;
using System.Net.Http.Headers;
using RufusIngest.Cloud;
using RufusIngest.Tests.Support;
using RufusIngest.Tool;

namespace RufusIngest.Tests.Tool;

public sealed class ServeTests : IDisposable
{
    readonly string _file = VenueData.NewFile();

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    string Folder => Path.GetDirectoryName(_file)!;

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    [Fact]
    public async Task the_first_run_prints_a_key_once_and_later_runs_know_it()
    {
        string key = "";
        string device = "";
        await ServeAsync(async (address, output) =>
        {
            key = output.Trim();
            Assert.Matches("^ror-[0-9a-f]{32}$", key);
            using CloudConnection connection = CloudConnection.Open(address, key);
            device = await connection.Cloud.BindDeviceAsync("M", "S", cancellationToken: Cancelled);
            await connection.Cloud.UnbindDeviceAsync(
                await connection.Cloud.BindDeviceAsync("M", "T", cancellationToken: Cancelled), Cancelled);
        });
        await ServeAsync(async (address, output) =>
        {
            Assert.Equal("", output);
            using CloudConnection connection = CloudConnection.Open(address, key);
            Assert.Equal(
                device, Assert.Single(await connection.Cloud.GetDevicesAsync(Cancelled).ToListAsync(Cancelled)).DeviceId);
        });
    }

    [Fact]
    public async Task a_key_of_ones_own_comes_from_a_file_and_no_other_is_made()
    {
        string[] arguments = ["--api-key-file", KeyFile(TestVenue.ReadWriteKey)];
        await ServeAsync(
            async (address, output) =>
            {
                Assert.Equal("", output);
                using CloudConnection connection = CloudConnection.Open(address, TestVenue.ReadWriteKey);
                await connection.Cloud.BindDeviceAsync("M", "S", cancellationToken: Cancelled);
            },
            arguments);
    }

    [Fact]
    public async Task a_profile_says_how_it_behaves()
    {
        string profile = Path.Combine(Folder, "profile.json");
        new CloudProfile { KeyMissingStatus = 401 }.Save(profile);
        await ServeAsync(
            async (address, _) =>
            {
                using HttpClient http = new();
                using HttpResponseMessage answer = await http.GetAsync(new Uri(address + "devices"), Cancelled);
                Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            },
            "--profile", profile);
    }

    [Theory]
    [InlineData(HttpStatusCode.OK)]
    [InlineData(HttpStatusCode.NotFound, "--no-page")]
    public async Task the_page_is_there_unless_it_is_not_wanted(HttpStatusCode status, params string[] arguments)
    {
        await ServeAsync(
            async (address, _) =>
            {
                using HttpClient http = new();
                using HttpResponseMessage page = await http.GetAsync(new Uri(new Uri(address), "/"), Cancelled);
                Assert.Equal(status, page.StatusCode);
                using HttpResponseMessage api = await http.GetAsync(new Uri(address + "devices"), Cancelled);
                Assert.Equal(HttpStatusCode.Forbidden, api.StatusCode);
            },
            arguments);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", "--allow-remote")]
    [InlineData("http://[::]:0", "--allow-remote")]
    [InlineData("http://192.0.2.1:80", "--allow-remote")]
    [InlineData("https://127.0.0.1:0", "write one address")]
    [InlineData("http://127.0.0.1:0/v1", "write one address")]
    [InlineData("http://a:b@127.0.0.1:0", "write one address")]
    [InlineData("http://127.0.0.1:1;http://127.0.0.1:2", "write one address")]
    [InlineData("http://venue.example:80", "give an IP address")]
    [InlineData("8080", "write one address")]
    public async Task an_address_that_would_not_do_is_refused_before_anything_is_made(string url, string words)
    {
        ToolRun run = await ToolRun.Of("serve", "--data", _file, "--urls", url);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Folder));
    }

    [Fact]
    public async Task remote_machines_are_let_in_when_it_is_said()
    {
        await ServeAsync(
            (address, _) =>
            {
                Assert.StartsWith("http://127.0.0.1:", address, StringComparison.Ordinal);
                return Task.CompletedTask;
            },
            "--allow-remote", "--urls", "http://0.0.0.0:0");
    }

    [Fact]
    public async Task keys_are_added_listed_and_revoked_beside_a_running_server()
    {
        await ServeAsync(async (_, _) =>
        {
            ToolRun run = await ToolRun.Of("serve", "keys", "add", "--data", _file, "--name", "laptop", "--unbind");
            Assert.Equal(ExitCode.Done, run.ExitCode);
            Assert.Matches("^ror-[0-9a-f]{32}$", run.Output.Trim());
            Assert.DoesNotContain("ror-", run.Error, StringComparison.Ordinal);
            run = await ToolRun.Of(
                "serve", "keys", "add", "--data", _file, "--name", "hall", "--access", "Read", "--company", "other",
                "--api-key-file", KeyFile("a-key-of-ones-own-1234"));
            Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Output));
            run = await ToolRun.Of("serve", "keys", "list", "--data", _file, "--json");
            Assert.Equal(
                [("default", "first", "READ_WRITE, unbind"), ("default", "laptop", "READ_WRITE, unbind"), ("other", "hall", "READ")],
                run.Lines.Select(key => (
                    key.GetProperty("company").GetString(), key.GetProperty("name").GetString(),
                    key.GetProperty("access").GetString())).Order());
            run = await ToolRun.Of("serve", "keys", "list", "--data", _file);
            Assert.Contains("laptop", run.Output, StringComparison.Ordinal);
            string[] revoke = ["serve", "keys", "revoke", "--data", _file, "--name", "laptop"];
            Assert.Equal(ExitCode.Done, (await ToolRun.Of(revoke)).ExitCode);
            Assert.Equal(ExitCode.BadInput, (await ToolRun.Of(revoke)).ExitCode);
            foreach (string[] wrong in (string[][])
                [["--name", "first"], ["--name", " "], ["--name", "x", "--access", "None"], ["--name", "x", "--access", "Unbind"]])
            {
                run = await ToolRun.Of(["serve", "keys", "add", "--data", _file, .. wrong]);
                Assert.Equal((ExitCode.BadInput, ""), (run.ExitCode, run.Output));
            }
        });
        ToolRun none = await ToolRun.Of("serve", "keys", "list", "--data", _file + "x");
        Assert.Equal(ExitCode.BadInput, none.ExitCode);
        Assert.Contains("there is no such file", none.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_file + "x"));
    }

    [Fact]
    public async Task a_backup_of_a_running_server_is_made_beside_it()
    {
        string copy = Path.Combine(Folder, "copy.db");
        await ServeAsync(async (_, _) =>
        {
            ToolRun run = await ToolRun.Of("serve", "backup", "--data", _file, "--out", copy);
            Assert.Equal((ExitCode.Done, ""), (run.ExitCode, run.Output));
            run = await ToolRun.Of("serve", "backup", "--data", _file, "--out", copy);
            Assert.Equal(ExitCode.BadInput, run.ExitCode);
            Assert.Contains("there is such a file already", run.Error, StringComparison.Ordinal);
            run = await ToolRun.Of("serve", "--data", _file, "--urls", "http://127.0.0.1:0");
            Assert.Equal(ExitCode.Unreachable, run.ExitCode);
            Assert.Contains("another server is using this file", run.Error, StringComparison.Ordinal);
        });
        Assert.True(File.Exists(copy));
    }

    [Fact]
    public async Task a_passing_that_was_answered_survives_the_kill()
    {
        await SurviveAsync("--data", _file);
        Assert.True(OperatingSystem.IsWindows() || !File.Exists(_file + "-wal"));
    }

    [Fact]
    public async Task a_passing_that_was_answered_survives_the_kill_in_a_database()
    {
        using PostgresSchema schema = PostgresSchema.New();
        await SurviveAsync("--postgres", schema.ConnectionString);
    }

    [Fact]
    public async Task a_password_in_the_connection_string_is_refused_and_not_repeated()
    {
        foreach (string text in new[] { "Host=h;Password=hunter2", "Host=h;pwd=hunter2", "postgres://u:hunter2@h/d" })
        {
            ToolRun run = await ToolRun.Of("serve", "--postgres", text);
            Assert.Equal(ExitCode.BadInput, run.ExitCode);
            Assert.Matches("PGPASSWORD|cannot be read", run.Error);
            Assert.DoesNotContain("hunter2", run.Error + run.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task the_data_is_in_one_place()
    {
        string[][] wrongs = [["serve"], ["serve", "--data", _file, "--postgres", "Host=h"], ["serve", "backup", "--out", _file]];
        foreach (string[] wrong in wrongs)
        {
            ToolRun run = await ToolRun.Of(wrong);
            Assert.Equal(ExitCode.BadInput, run.ExitCode);
            Assert.Contains("--data FILE", run.Error, StringComparison.Ordinal);
        }
    }

    /// <summary>Kills a server while clients post, and looks what the next one on the same data has.</summary>
    async Task SurviveAsync(params string[] data)
    {
        HashSet<long> answered = [];
        string token;
        using (ToolProcess tool = Start())
        {
            using CloudConnection connection = CloudConnection.Open(await AddressAsync(tool), TestVenue.ReadWriteKey);
            string device = await connection.Cloud.BindDeviceAsync("M", "S", cancellationToken: Cancelled);
            token = await connection.Cloud.OpenSessionAsync(device, null, Cancelled);
            TaskCompletionSource enough = new();
            Task[] posters = [.. Enumerable.Range(0, 4).Select(poster => PostAsync(
                connection.Http, token, poster, answered, enough))];
            await enough.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
            tool.Kill();
            await Task.WhenAll(posters);
            await tool.Exit;
        }

        using ToolProcess again = Start();
        using CloudConnection after = CloudConnection.Open(await AddressAsync(again), TestVenue.ReadWriteKey);
        HashSet<long> stored = [.. await after.Cloud.GetSessionPassingsAsync(token, null, null, Cancelled)
            .Select(passing => passing.Number!.Value).ToListAsync(Cancelled)];
        Assert.True(answered.Count >= 400);
        Assert.Empty(answered.Except(stored));
        Assert.True((await after.Cloud.GetSessionAsync(token, Cancelled)).Passings == stored.Count);
        if (!OperatingSystem.IsWindows())
        {
            again.Interrupt();
            await again.Exit;
            Assert.Equal(ExitCode.Done, again.ExitCode);
        }

        ToolProcess Start() => ToolProcess.Start(
            Folder, "", ["serve", .. data, "--urls", "http://127.0.0.1:0", "--api-key-file",
                KeyFile(TestVenue.ReadWriteKey)]);
    }

    /// <summary>Posts ten at a time until the server is gone, and notes what was answered.</summary>
    static async Task PostAsync(
        HttpClient http, string token, int poster, HashSet<long> answered, TaskCompletionSource enough)
    {
        for (long first = (poster * 1_000_000) + 1; ; first += 10)
        {
            string body = TestVenue.Body(token, Enumerable.Range(0, 10).Select(n => TestVenue.Passing(first + n)));
            using HttpRequestMessage request = new(HttpMethod.Post, "passings")
            {
                Content = new StringContent(body, new MediaTypeHeaderValue("application/json")),
            };
            request.Headers.Add("x-api-key", TestVenue.ReadWriteKey);
            try
            {
                using HttpResponseMessage answer = await http.SendAsync(request, Cancelled);
                Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            }
            catch (HttpRequestException)
            {
                return;
            }

            lock (answered)
            {
                answered.UnionWith(Enumerable.Range(0, 10).Select(n => first + n));
                if (answered.Count >= 400)
                    enough.TrySetResult();
            }
        }
    }

    static async Task<string> AddressAsync(ToolProcess tool)
    {
        string said;
        while ((said = AddressIn(tool.Said)).Length == 0)
        {
            Assert.False(tool.HasExited, tool.Said);
            await Task.Delay(10, Cancelled);
        }

        return said;
    }

    static string AddressIn(string said)
    {
        const string Before = "listening at ";
        int at = said.IndexOf(Before, StringComparison.Ordinal);
        int end = at < 0 ? -1 : said.IndexOf(',', at);
        return end < 0 ? "" : said[(at + Before.Length)..end];
    }

    string KeyFile(string key)
    {
        string file = Path.Combine(Folder, "key");
        File.WriteAllText(file, key + "\n");
        return file;
    }

    /// <summary>Runs the command, does something with it, and ends it as Ctrl-C does.</summary>
    async Task ServeAsync(Func<string, string, Task> use, params string[] arguments)
    {
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        using StringWriter output = new();
        using AddressWriter error = new();
        string[] where = arguments.Contains("--urls") ? [] : ["--urls", "http://127.0.0.1:0"];
        Task<int> run = ToolCommand.RunAsync(
            ["serve", "--data", _file, .. where, .. arguments], new Terminal(output, error), ending.Token);
        Task<string> listening = error.Address;
        Assert.True(await Task.WhenAny(run, listening) == listening, error.ToString());
        await use(await listening, output.ToString());
        await ending.CancelAsync();
        Assert.Equal(ExitCode.Done, await run);
        Assert.Contains("stopped;", error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Tells where the server listens as soon as it says so.</summary>
    sealed class AddressWriter : StringWriter
    {
        readonly TaskCompletionSource<string> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Address => _address.Task;

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (AddressIn(value ?? "") is { Length: > 0 } address)
                _address.TrySetResult(address);
        }
    }
}
