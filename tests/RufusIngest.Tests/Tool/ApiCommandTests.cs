using System.Text.Json;
using RufusIngest.Cloud;
using RufusIngest.Server;
using RufusIngest.Tests.Support;
using RufusIngest.Tool;

namespace RufusIngest.Tests.Tool;

/// <summary>The commands that call one operation each, against the venue server.</summary>
public sealed class ApiCommandTests : IAsyncLifetime
{
    const string Key = "ror-0000000000000000000e";

    readonly TempFolder _folder = new();
    VenueServer _server = null!;

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await VenueServer.StartAsync(
        TestVenue.Options with
        {
            Keys = [.. TestVenue.Options.Keys, new("all", Key, VenueAccess.ReadWrite | VenueAccess.Unbind)],
            Events = [new("E1", "Cross")],
        },
        Cancelled);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    Task<ToolRun> RunAsync(params string[] args) => RunWithAsync(Key, args);

    async Task<ToolRun> RunWithAsync(string key, params string[] args)
    {
        ToolRun run = await ToolRun.Of([.. args, "--base-address", _server.BaseAddress.ToString(), "--api-key", key]);
        Assert.DoesNotContain(key, run.Output + run.Error, StringComparison.Ordinal);
        return run;
    }

    async Task<string> PrintedAsync(params string[] args)
    {
        ToolRun run = await RunAsync(args);
        Assert.True(run.ExitCode == 0, run.Error);
        return run.Output.Trim();
    }

    Task<string> BindAsync(string serial = "S-1") =>
        PrintedAsync("devices", "bind", "--model", "M", "--serial-number", serial, "--alias", "Finish");

    [Fact]
    public async Task devices_are_bound_listed_shown_and_unbound()
    {
        string device = await BindAsync();
        Assert.Equal(64, device.Length);
        ToolRun again = await RunAsync("devices", "bind", "--model", "M", "--serial-number", "S-1", "--json");
        Assert.Equal(device, again.Lines[0].GetProperty("deviceid").GetString());
        string list = await PrintedAsync("devices", "list");
        Assert.Contains(device, list, StringComparison.Ordinal);
        Assert.Contains("Serial number", list, StringComparison.Ordinal);
        JsonElement shown = Assert.Single((await RunAsync("devices", "show", device, "--json")).Lines);
        Assert.Equal(("S-1", 0), (shown.GetProperty("serial_number").GetString(), shown.GetProperty("passings").GetInt32()));
        Assert.Contains("S-1", await PrintedAsync("devices", "show", device), StringComparison.Ordinal);
        ToolRun unsure = await RunAsync("devices", "unbind", device);
        Assert.Equal(ExitCode.BadInput, unsure.ExitCode);
        Assert.Contains("destroys all its sessions and passings: give --yes", unsure.Error, StringComparison.Ordinal);
        ToolRun refused = await RunWithAsync(TestVenue.ReadWriteKey, "devices", "unbind", device, "--yes");
        Assert.Equal(ExitCode.Refused, refused.ExitCode);
        Assert.Contains("PermissionMissing", refused.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, (await RunAsync("devices", "unbind", device, "--yes")).ExitCode);
        ToolRun empty = await RunAsync("devices", "list");
        Assert.Equal((0, ""), (empty.ExitCode, empty.Output));
        Assert.Contains("There are no devices.", empty.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_session_is_opened_only_where_none_is_closed_by_it_or_somebody_says_so()
    {
        string device = await BindAsync();
        ToolRun none = await RunAsync("sessions", "active", device);
        Assert.Equal(ExitCode.Refused, none.ExitCode);
        string first = await PrintedAsync("sessions", "open", device, "--alias", "Race");
        ToolRun refused = await RunAsync("sessions", "open", device);
        Assert.Equal((ExitCode.Refused, ""), (refused.ExitCode, refused.Output));
        Assert.Contains($"session {first} open (Race), with 0 passings", refused.Error, StringComparison.Ordinal);
        Assert.Contains("--replace-active", refused.Error, StringComparison.Ordinal);
        ToolRun blind = await RunWithAsync(TestVenue.WriteKey, "sessions", "open", device);
        Assert.Equal(ExitCode.Refused, blind.ExitCode);
        Assert.Contains("cannot see", blind.Error, StringComparison.Ordinal);
        string second = await PrintedAsync("sessions", "open", device, "--replace-active");
        Assert.NotEqual(first, second);
        IReadOnlyList<JsonElement> sessions = (await RunAsync("sessions", "list", device, "--json")).Lines;
        Assert.Equal(
            [(first, false), (second, true)],
            sessions.Select(one => (one.GetProperty("token_session").GetString()!, one.GetProperty("active").GetBoolean())));
        Assert.Contains(second, await PrintedAsync("sessions", "active", device), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, (await RunAsync("sessions", "close", second)).ExitCode);
        Assert.Contains("no", await PrintedAsync("sessions", "show", second), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("y", ExitCode.Done)]
    [InlineData("yes", ExitCode.Done)]
    [InlineData("n", ExitCode.Refused)]
    [InlineData("", ExitCode.Refused)]
    public async Task at_a_terminal_it_asks_before_a_session_is_closed(string answer, int exitCode)
    {
        string device = await BindAsync();
        string first = await PrintedAsync("sessions", "open", device);
        using StringWriter output = new();
        using StringWriter error = new();
        using StringReader input = new(answer + "\n");
        int code = await ToolCommand.RunAsync(
            ["sessions", "open", device, "--base-address", _server.BaseAddress.ToString(), "--api-key", Key],
            new Terminal(output, error, input), Cancelled);
        Assert.Equal(exitCode, code);
        Assert.Contains("Open a new one? [y/N]", error.ToString(), StringComparison.Ordinal);
        string active = (await RunAsync("sessions", "active", device, "--json")).Lines[0]
            .GetProperty("token_session").GetString()!;
        Assert.Equal(exitCode == ExitCode.Done ? output.ToString().Trim() : first, active);
    }

    [Fact]
    public async Task passings_are_inserted_from_a_file_and_listed_by_session_and_by_device()
    {
        string device = await BindAsync();
        string session = await PrintedAsync("sessions", "open", device);
        string file = Passings(1, 25);
        ToolRun inserted = await RunAsync("passings", "insert", session, file, "--batch", "10");
        Assert.Contains("25 passings sent: 25 inserted, 0 were there already.", inserted.Error, StringComparison.Ordinal);
        inserted = await RunAsync("passings", "insert", session, file);
        Assert.Contains("25 passings sent: 0 inserted, 25 were there already.", inserted.Error, StringComparison.Ordinal);
        IReadOnlyList<JsonElement> lines =
            (await RunAsync("passings", "list", session, "--first", "3", "--last", "4", "--json")).Lines;
        Assert.Equal([3, 4], lines.Select(line => line.GetProperty("num_passing").GetInt32()));
        Assert.Contains(
            "2026-05-03T09:00:07.000Z", await PrintedAsync("passings", "list", session), StringComparison.Ordinal);
        lines = (await RunAsync(
            "passings", "device", device, "--from", "2026-05-03T09:00:05Z", "--to", "2026-05-03T11:00:06+02:00",
            "--json")).Lines;
        Assert.Equal(["105", "106"], lines.Select(line => line.GetProperty("bib").GetString()));
        ToolRun wrong = await RunAsync("passings", "device", device, "--from", "nine");
        Assert.Equal(ExitCode.BadInput, wrong.ExitCode);
        Assert.Contains("'nine' is no time", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task inserting_into_a_closed_session_is_refused_with_what_to_do()
    {
        string session = await PrintedAsync("sessions", "open", await BindAsync());
        await RunAsync("sessions", "close", session);
        ToolRun run = await RunAsync("passings", "insert", session, Passings(1, 1));
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("SessionGone: POST passings: status 404", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"num_passing":1,"bib":"7"}""", "line 2 lacks num_passing, bib or timestamp")]
    [InlineData("""{"num_passing":1,""", "line 2 is no JSON")]
    public async Task a_file_of_passings_that_is_wrong_is_named_with_its_line(string line, string words)
    {
        string file = _folder.File("wrong.jsonl");
        await File.WriteAllTextAsync(file, "\n" + line, Cancelled);
        ToolRun run = await RunAsync("passings", "insert", "T", file);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task following_shows_the_last_ones_and_goes_on_where_it_is_told()
    {
        string device = await BindAsync();
        string session = await PrintedAsync("sessions", "open", device);
        await RunAsync("passings", "insert", session, Passings(1, 25));
        ToolRun run = await RunAsync("passings", "follow", device, "--once");
        Assert.Equal(10, run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.StartsWith("      16  2026-05-03T09:00:16.000Z  116         C16", run.Output, StringComparison.Ordinal);
        Assert.Contains($"--session {session} --last 25", run.Error, StringComparison.Ordinal);
        run = await RunAsync("passings", "follow", device, "--once", "--session", session, "--last", "3", "--json");
        Assert.Equal(22, run.Lines.Count);
    }

    [Fact]
    public async Task following_shows_what_arrives_in_this_session_and_the_next_until_it_is_ended()
    {
        string device = await BindAsync();
        string session = await PrintedAsync("sessions", "open", device);
        await RunAsync("passings", "insert", session, Passings(1, 2));
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        SignalledWriter output = new();
        using StringWriter error = new();
        Task<int> following = ToolCommand.RunAsync(
            ["passings", "follow", device, "--json", "--every", "0.1", "--base-address", _server.BaseAddress.ToString(),
                "--api-key", Key],
            new Terminal(output, error), end.Token);
        await output.WaitForLinesAsync(2);
        await RunAsync("passings", "insert", session, Passings(3, 1));
        await output.WaitForLinesAsync(3);
        string next = await PrintedAsync("sessions", "open", device, "--replace-active");
        await RunAsync("passings", "insert", next, Passings(1, 1));
        await output.WaitForLinesAsync(4);
        await end.CancelAsync();
        Assert.Equal(ExitCode.Done, await following);
        Assert.Equal(
            [(session, 1), (session, 2), (session, 3), (next, 1)],
            output.Lines.Select(line => JsonDocument.Parse(line).RootElement).Select(
                line => (line.GetProperty("token_session").GetString()!, line.GetProperty("num_passing").GetInt32())));
    }

    [Fact]
    public async Task events_are_listed()
    {
        Assert.Contains("Cross", await PrintedAsync("events", "list"), StringComparison.Ordinal);
        Assert.Equal("E1", (await RunAsync("events", "list", "--json")).Lines[0].GetProperty("event_token").GetString());
    }

    [Fact]
    public async Task what_the_api_does_not_document_needs_its_path()
    {
        ToolRun run = await RunAsync("events", "participants", "E1");
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains("--path", run.Error, StringComparison.Ordinal);
        run = await RunAsync("devices", "telemetry", "D", "--path", "https://elsewhere.test/x");
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains("below the base address", run.Error, StringComparison.Ordinal);
        run = await RunAsync("devices", "telemetry", "D", "--path", "devices/{deviceid}/status", "--battery", "81");
        Assert.Equal(ExitCode.Refused, run.ExitCode);
        Assert.Contains("NotFound: POST devices/D/status", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task the_key_may_be_in_a_file()
    {
        await BindAsync();
        string file = _folder.File("key");
        await File.WriteAllTextAsync(file, Key + "\n", Cancelled);
        string[] address = ["--base-address", _server.BaseAddress.ToString()];
        ToolRun run = await ToolRun.Of(["devices", "list", "--api-key-file", file, .. address]);
        Assert.True(run.ExitCode == 0, run.Error);
        run = await ToolRun.Of(["devices", "list", "--api-key-file", file + "x", .. address]);
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.Contains("cannot be read", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ApiKey")]
    [InlineData("XApiKey")]
    public async Task the_key_goes_in_the_header_that_is_wanted(string header)
    {
        await using VenueServer other = await VenueServer.StartAsync(
            TestVenue.Options with
            {
                Profile = new() { ApiKeyHeader = header == "ApiKey", XApiKeyHeader = header == "XApiKey" },
            },
            Cancelled);
        string[] list = ["devices", "list", "--base-address", other.BaseAddress.ToString(), "--api-key", TestVenue.ReadKey];
        Assert.Equal(ExitCode.Done, (await ToolRun.Of([.. list, "--key-header", header])).ExitCode);
        string wrong = header == "ApiKey" ? "XApiKey" : "ApiKey";
        Assert.Equal(ExitCode.Refused, (await ToolRun.Of([.. list, "--key-header", wrong])).ExitCode);
        string profile = _folder.File("profile.json");
        new CloudProfile { ApiKeyHeader = false, XApiKeyHeader = false }.Save(profile);
        ToolRun none = await ToolRun.Of([.. list, "--profile", profile]);
        Assert.Equal(ExitCode.BadInput, none.ExitCode);
        Assert.Contains("profile", none.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_server_that_is_not_there_is_unreachable()
    {
        ToolRun run = await ToolRun.Of(
            "devices", "list", "--base-address", "http://127.0.0.1:1/v0/", "--api-key", "k");
        Assert.Equal(ExitCode.Unreachable, run.ExitCode);
        run = await ToolRun.Of("devices", "list", "--base-address", "ftp://x", "--api-key", "k");
        Assert.Equal(ExitCode.BadInput, run.ExitCode);
    }

    string Passings(int first, int count)
    {
        string file = _folder.File($"passings-{first}-{count}.jsonl");
        File.WriteAllLines(file, Enumerable.Range(first, count).Select(number =>
            $"{{\"num_passing\":{number},\"bib\":\"{100 + number}\",\"chip\":\"C{number}\","
            + $"\"timestamp\":\"2026-05-03T09:00:{number:00}Z\"}}"));
        return file;
    }

    /// <summary>Tells when so many lines were written.</summary>
    sealed class SignalledWriter : StringWriter
    {
        readonly Lock _gate = new();
        readonly List<string> _lines = [];
        TaskCompletionSource _changed = new();

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_gate)
                    return [.. _lines];
            }
        }

        public override void WriteLine(string? value)
        {
            TaskCompletionSource changed;
            lock (_gate)
            {
                _lines.Add(value!);
                changed = _changed;
                _changed = new();
            }

            changed.TrySetResult();
        }

        public async Task WaitForLinesAsync(int count)
        {
            while (true)
            {
                Task changed;
                lock (_gate)
                {
                    if (_lines.Count >= count)
                        return;
                    changed = _changed.Task;
                }

                await changed.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
            }
        }
    }
}
