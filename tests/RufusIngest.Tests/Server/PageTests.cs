using System.Net;
using System.Text;
using RufusIngest.Server;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class PageTests
{
    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task signing_in_gives_a_cookie_that_scripts_and_other_sites_cannot_use()
    {
        await using var venue = await TestVenue.StartAsync();
        using var visitor = new PageVisitor(venue);
        Assert.Contains("action=\"/signin\"", await TextAsync(visitor, ""), StringComparison.Ordinal);
        var cookie = await visitor.EnterAsync();
        Assert.Matches("^rufus_page=[0-9a-f]{64}; max-age=43200; path=/; samesite=strict; httponly$", cookie);
        Assert.Contains("id=\"recent\"", await TextAsync(visitor, ""), StringComparison.Ordinal);
        Assert.True((await visitor.StateAsync()).GetProperty("signed_in").GetBoolean());
    }

    [Fact]
    public async Task the_cookie_is_secure_where_the_browser_uses_https()
    {
        await using var venue = await TestVenue.StartAsync();
        using var visitor = new PageVisitor(venue);
        visitor.Headers.Add("X-Forwarded-Proto", "https");
        Assert.Contains("; secure", await visitor.EnterAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("page/state")]
    [InlineData("page/live")]
    [InlineData("page/sessions/{0}.csv")]
    public async Task nothing_is_shown_without_a_cookie(string path)
    {
        await using var venue = await TestVenue.StartAsync();
        path = string.Format(path, await venue.OpenAsync());
        using var visitor = new PageVisitor(venue);
        foreach (var value in new[] { "", new string('0', 64), TestVenue.ReadKey })
        {
            using var answer = await visitor.GetAsync(path, ("Cookie", "rufus_page=" + value));
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("""{"description":"Sign in first"}""", await answer.Content.ReadAsStringAsync(Cancelled));
        }
    }

    [Theory]
    [InlineData(TestVenue.WriteKey)]
    [InlineData(TestVenue.UnbindKey)]
    [InlineData("ror-unknown")]
    [InlineData("")]
    public async Task a_key_that_may_not_read_does_not_sign_in(string key)
    {
        await using var venue = await TestVenue.StartAsync();
        using var visitor = new PageVisitor(venue);
        using var answer = await visitor.SignInAsync(key);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        var body = await answer.Content.ReadAsStringAsync(Cancelled);
        Assert.Contains("This key is unknown, or it may not read.", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task what_is_no_small_form_does_not_sign_in()
    {
        await using var venue = await TestVenue.StartAsync();
        using var visitor = new PageVisitor(venue);
        using var json = await visitor.PostAsync("signin", new StringContent("key=" + TestVenue.ReadKey));
        Assert.Equal(HttpStatusCode.Forbidden, json.StatusCode);
        using var large = await visitor.SignInAsync(new string('k', 5_000));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
    }

    [Fact]
    public async Task after_five_failures_in_a_minute_even_the_right_key_has_to_wait()
    {
        var clock = TestVenue.NewClock();
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { TimeProvider = clock });
        using var visitor = new PageVisitor(venue);
        await visitor.EnterAsync(); // Does not count.
        for (var i = 0; i < SignInThrottle.MaxFailures; i++)
        {
            using var wrong = await visitor.SignInAsync($"ror-{i}");
            Assert.Equal(HttpStatusCode.Forbidden, wrong.StatusCode);
        }

        using var right = await visitor.SignInAsync(TestVenue.ReadKey);
        Assert.Equal(HttpStatusCode.TooManyRequests, right.StatusCode);
        Assert.Equal(TimeSpan.FromMinutes(1), right.Headers.RetryAfter?.Delta);
        clock.Advance(SignInThrottle.Window);
        await visitor.EnterAsync();
    }

    [Fact]
    public async Task a_sign_in_ends_with_signing_out_and_after_twelve_hours()
    {
        var clock = TestVenue.NewClock();
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { TimeProvider = clock });
        using var visitor = new PageVisitor(venue);
        await visitor.EnterAsync();
        using var left = await visitor.PostAsync("signout", null);
        Assert.Equal(HttpStatusCode.SeeOther, left.StatusCode);
        Assert.StartsWith("rufus_page=; expires=Thu, 01 Jan 1970", left.Headers.GetValues("Set-Cookie").Single());
        Assert.Equal(HttpStatusCode.Unauthorized, (await visitor.GetAsync("page/state")).StatusCode);

        await visitor.EnterAsync();
        clock.Advance(PageSessions.Lifetime - TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, (await visitor.GetAsync("page/state")).StatusCode);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.Unauthorized, (await visitor.GetAsync("page/state")).StatusCode);
    }

    [Fact]
    public void one_sign_in_too_many_ends_the_oldest()
    {
        var sessions = new PageSessions(TestVenue.Clock);
        var ids = Enumerable.Range(0, PageSessions.Max + 1).Select(company => sessions.Open(company, 7)).ToArray();
        Assert.Null(sessions.Find(ids[0]));
        Assert.Equal((1, 7ul), sessions.Find(ids[1]));
        Assert.Equal((PageSessions.Max, 7ul), sessions.Find(ids[^1]));
    }

    [Fact]
    public async Task this_machine_needs_no_key_while_all_are_one_companys()
    {
        await using var venue = await TestVenue.StartAsync();
        using var local = new PageVisitor(venue, isLocal: true);
        Assert.Contains("id=\"recent\"", await TextAsync(local, ""), StringComparison.Ordinal);
        Assert.False((await local.StateAsync()).GetProperty("signed_in").GetBoolean());

        await using var shared = await TestVenue.StartAsync(TestVenue.Options with
        {
            Keys = [.. TestVenue.Options.Keys, new("o", "ror-other", VenueAccess.Read) { Company = "another" }],
        });
        await shared.BindAsync();
        using var other = new PageVisitor(shared, isLocal: true);
        Assert.Equal(HttpStatusCode.Unauthorized, (await other.GetAsync("page/state")).StatusCode);
        await other.EnterAsync("ror-other");
        Assert.Empty((await other.StateAsync()).GetProperty("devices").EnumerateArray());
        await other.EnterAsync();
        Assert.Single((await other.StateAsync()).GetProperty("devices").EnumerateArray());
    }

    [Theory]
    [InlineData("evil.example", HttpStatusCode.Forbidden)]
    [InlineData("localhost.evil.example:80", HttpStatusCode.Forbidden)]
    [InlineData("localhost:8080", HttpStatusCode.OK)]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("[::1]:8080", HttpStatusCode.OK)]
    public async Task over_loopback_the_address_is_this_machines(string host, HttpStatusCode status)
    {
        await using var venue = await TestVenue.StartAsync();
        using var local = new PageVisitor(venue, isLocal: true);
        foreach (var path in new[] { "", "page/state", "page/page.js" })
            Assert.Equal(status, (await local.GetAsync(path, ("Host", host))).StatusCode);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-site", HttpStatusCode.Forbidden)]
    [InlineData("Sec-Fetch-Site", "same-origin", HttpStatusCode.SeeOther)]
    [InlineData("Origin", "https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "null", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "http://venue.example:8080", HttpStatusCode.SeeOther)]
    public async Task another_sites_form_does_not_sign_in_or_out(string name, string value, HttpStatusCode status)
    {
        await using var venue = await TestVenue.StartAsync();
        using var visitor = new PageVisitor(venue);
        visitor.Headers.Host = "venue.example:8080";
        using var signedIn = await visitor.SignInAsync(TestVenue.ReadKey, (name, value));
        Assert.Equal(status, signedIn.StatusCode);
        Assert.Equal(status == HttpStatusCode.SeeOther, signedIn.Headers.Contains("Set-Cookie"));
        Assert.Equal(status, (await visitor.PostAsync("signout", null, (name, value))).StatusCode);
    }

    [Theory]
    [InlineData("", "text/html")]
    [InlineData("page/page.js", "text/javascript")]
    [InlineData("page/page.css", "text/css")]
    [InlineData("page/icon.svg", "image/svg+xml")]
    [InlineData("page/state", "application/json")]
    public async Task every_answer_forbids_what_is_not_the_pages_own(string path, string type)
    {
        await using var venue = await TestVenue.StartAsync();
        using var local = new PageVisitor(venue, isLocal: true);
        using var answer = await local.GetAsync(path);
        Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';", policy);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        if (type == "text/html")
        {
            // Nothing inline, which the policy would stop, and nothing from elsewhere.
            var html = await answer.Content.ReadAsStringAsync(Cancelled);
            Assert.DoesNotMatch("<style|<script>| style=| on[a-z]+=|https?://", html);
        }
    }

    [Fact]
    public async Task the_state_shows_devices_sessions_and_arrivals()
    {
        await using var venue = await TestVenue.StartAsync();
        var device = await venue.BindAsync("S1");
        var old = await venue.OpenAsync(device);
        await venue.PostAsync("passings", TestVenue.Body(old, TestVenue.Passing(2), TestVenue.Passing(5)));
        await venue.PostAsync("passings", TestVenue.Body(old, TestVenue.Passing(2)));
        var current = await venue.OpenAsync(device);
        using var local = new PageVisitor(venue, isLocal: true);
        var state = await local.StateAsync();
        Assert.Equal(2, state.GetProperty("passings").GetInt64());
        Assert.Equal(
            """{"name":"S1","model":"M","serial_number":"S1","last_contact":1777795200125,"passings":2,"active_session":"Finish"}""",
            state.GetProperty("devices")[0].GetRawText());
        var sessions = state.GetProperty("sessions").EnumerateArray()
            .ToDictionary(session => session.GetProperty("token").GetString()!, session => session.GetRawText());
        Assert.Equal(
            $$"""{"token":"{{old}}","name":"Finish","device":"S1","opened":1777795200125,"active":false,"passings":2,"first":1777798800002,"last":1777798800005}""",
            sessions[old]);
        Assert.Equal(
            $$"""{"token":"{{current}}","name":"Finish","device":"S1","opened":1777795200125,"active":true,"passings":0}""",
            sessions[current]);
        var minutes = state.GetProperty("minutes").EnumerateArray().Select(n => n.GetInt32()).ToArray();
        Assert.Equal([.. new int[59], 2], minutes);
        Assert.Equal(1777795200000, state.GetProperty("last_minute").GetInt64());
    }

    [Fact]
    public void arrivals_are_forgotten_after_an_hour()
    {
        var arrivals = new ArrivalMinutes();
        var start = 1_777_795_200_000;
        arrivals.Add(start, 3);
        arrivals.Add(start + 59_999, 4);
        arrivals.Add(start + 60_000, 5);
        Assert.Equal([7, 5], arrivals.UpTo(start + 60_000)[^2..]);
        Assert.Equal([7, 5], arrivals.UpTo(start + (59 * 60_000))[..2]);
        Assert.Equal([5, 0], arrivals.UpTo(start + (60 * 60_000))[..2]);
        arrivals.Add(start + (60 * 60_000), 1);
        Assert.Equal([.. new long[] { 5 }, .. new long[58], 1], arrivals.UpTo(start + (60 * 60_000)));
    }

    [Fact]
    public async Task the_live_stream_begins_with_what_is_there_and_goes_on_with_what_comes()
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        var many = Enumerable.Range(1, 60).Select(n => TestVenue.Passing(n));
        await venue.PostAsync("passings", TestVenue.Body(token, many));
        using var visitor = new PageVisitor(venue);
        await visitor.EnterAsync();
        using var lines = await visitor.ListenAsync();
        Assert.Equal("event: recent", await lines.ReadLineAsync(Cancelled));
        var recent = (await lines.ReadLineAsync(Cancelled))!;
        Assert.StartsWith("data: [" + Event(11) + ",", recent);
        Assert.EndsWith("," + Event(60) + "]", recent);
        Assert.Equal("", await lines.ReadLineAsync(Cancelled));

        var again = TestVenue.Body(token, TestVenue.Passing(60), TestVenue.Passing(61, ",\"chip\":\"<&\\\"\""));
        await venue.PostAsync("passings", again);
        Assert.Equal($"data: [{Event(61, "\"<&\\\"\"")}]", await lines.ReadLineAsync(Cancelled));
        Assert.Equal("", await lines.ReadLineAsync(Cancelled));

        string Event(int number, string chip = "null") =>
            $$"""{"session":"{{token}}","number":"{{number}}","time":{{1777798800000 + number}},"bib":"{{number}}","chip":{{chip}}}""";
    }

    [Fact]
    public async Task a_live_stream_ends_when_the_server_stops()
    {
        await using var venue = await TestVenue.StartAsync();
        using var local = new PageVisitor(venue, isLocal: true);
        using var lines = await local.ListenAsync();
        await venue.Server.StopAsync(Cancelled);
        Assert.EndsWith("data: []\n\n", await lines.ReadToEndAsync(Cancelled));
    }

    [Fact]
    public async Task there_are_only_so_many_listeners_and_one_that_leaves_makes_room()
    {
        var feed = new LiveFeed(TestVenue.Clock);
        var listeners = Enumerable.Range(0, LiveFeed.MaxListeners).Select(feed.TryListen).ToArray();
        Assert.DoesNotContain(null, listeners);
        Assert.Null(feed.TryListen(0));
        listeners[7]!.Dispose();
        using var last = feed.TryListen(0);
        Assert.NotNull(last);
        Assert.Empty(await NothingAsync(listeners[0]!));

        static async Task<List<LivePassing>> NothingAsync(LiveListener listener)
        {
            var clock = TestVenue.NewClock();
            var next = listener.NextAsync(PageStream.Heartbeat, clock, Cancelled);
            clock.Advance(PageStream.Heartbeat);
            return await next;
        }
    }

    [Fact]
    public async Task a_listener_that_is_slow_misses_the_older_ones_and_holds_nothing_up()
    {
        var feed = new CompanyFeed();
        using var listener = new LiveListener(feed, () => { });
        for (var n = 1; n <= 120; n++)
            feed.Add([new("T", n, 0, null, null)]);
        var taken = await listener.NextAsync(PageStream.Heartbeat, TestVenue.Clock, Cancelled);
        Assert.Equal(Enumerable.Range(71, CompanyFeed.Kept).Select(n => (long)n), taken.Select(p => p.Number));
        feed.Add([new("T", 121, 0, null, null)]);
        taken = await listener.NextAsync(PageStream.Heartbeat, TestVenue.Clock, Cancelled);
        Assert.Equal(121, Assert.Single(taken).Number);
    }

    [Fact]
    public async Task a_session_is_a_csv_file_that_is_safe_in_a_spreadsheet()
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        await venue.PostAsync("passings", TestVenue.Body(
            token,
            TestVenue.Passing(7, """,  "chip":"=cmd|' /C calc'!A0","status":"a,\"b\"\r\nc" """),
            TestVenue.Passing(5, ""","latitude":"-3.25","longitude":"+40.5","chip":"-1+1","participant_id":"@SUM(A1)" """),
            TestVenue.Passing(6, ""","chip":"=\"x\",1","gender":"é","timezone":"+02:00" """)));
        using var visitor = new PageVisitor(venue);
        await visitor.EnterAsync();
        using var answer = await visitor.GetAsync($"page/sessions/{token}.csv");
        Assert.Equal("text/csv", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(
            $"attachment; filename=\"Finish-{token[..8]}.csv\"", answer.Content.Headers.ContentDisposition?.ToString());
        string[] lines =
        [
            "__typename,timestamp,num_passing,latitude,longitude,status,participant_id,bib,chip,timezone,gender",
            "Passing,2026-05-03T09:00:00.005Z,5,-3.25,+40.5,,'@SUM(A1),5,'-1+1,,",
            "Passing,2026-05-03T09:00:00.006Z,6,,,,,6,\"'=\"\"x\"\",1\",'+02:00,é",
            "Passing,2026-05-03T09:00:00.007Z,7,,,\"a,\"\"b\"\"\r\nc\",,7,'=cmd|' /C calc'!A0,,",
            "",
        ];
        Assert.Equal(
            Encoding.UTF8.GetBytes(string.Join("\r\n", lines)), await answer.Content.ReadAsByteArrayAsync(Cancelled));
        Assert.Equal(HttpStatusCode.NotFound, (await visitor.GetAsync("page/sessions/nobody.csv")).StatusCode);
    }

    [Fact]
    public async Task a_session_of_several_pages_is_whole()
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        const int Count = 40_001;
        await venue.PostAsync(
            "passings", TestVenue.Body(token, Enumerable.Range(1, Count).Select(n => TestVenue.Passing(n * 3L))));
        using var local = new PageVisitor(venue, isLocal: true);
        var lines = (await TextAsync(local, $"page/sessions/{token}.csv")).Split("\r\n")[1..^1];
        Assert.Equal(
            Enumerable.Range(1, Count).Select(n => $"{n * 3}"), lines.Select(line => line.Split(',')[2]));
    }

    [Fact]
    public async Task without_the_page_its_routes_are_unknown()
    {
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { Page = false });
        foreach (var path in new[] { "/", "/page/state", "/page/live", "/page/page.js" })
            (await venue.GetAsync(path)).Is(HttpStatusCode.NotFound, """{"description":"Unknown route"}""");
        (await venue.PostAsync("/signin", "")).Is(HttpStatusCode.NotFound, """{"description":"Unknown route"}""");
    }

    [Fact]
    public async Task a_key_is_in_no_answer_cookie_or_log()
    {
        using var logs = new CapturedLogs();
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { LoggerFactory = logs });
        using var visitor = new PageVisitor(venue);
        var seen = new StringBuilder();
        foreach (var key in new[] { TestVenue.ReadKey, TestVenue.WriteKey, "ror-wrong" })
        {
            using var answer = await visitor.SignInAsync(key);
            seen.Append(answer).Append(await answer.Content.ReadAsStringAsync(Cancelled));
        }

        seen.AppendJoin('\n', logs.Lines.Select(line => line.Text));
        Assert.Contains("A sign-in to the page was refused, from 127.0.0.1", seen.ToString(), StringComparison.Ordinal);
        Assert.Contains("rufus_page=", seen.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("ror-", seen.ToString(), StringComparison.Ordinal);
    }

    static async Task<string> TextAsync(PageVisitor visitor, string path)
    {
        using var answer = await visitor.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(Cancelled);
    }
}
