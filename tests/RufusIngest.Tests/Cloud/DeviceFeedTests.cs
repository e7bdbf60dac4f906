using System.Globalization;
using System.Web;
using CsCheck;
using RufusIngest.Cloud;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Cloud;

/// <summary>A device's feed over a small cloud in memory, which can be told to do less than the real one.</summary>
public sealed class DeviceFeedTests : IDisposable
{
    readonly ScriptedCloud _http = new();
    readonly List<Session> _sessions = [];

    public DeviceFeedTests() => _http.Otherwise = request => Answer(new(request.Address));

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    bool HasFeed { get; set; } = true;

    bool FeedHeedsLast { get; set; } = true;

    bool TellsDates { get; set; } = true;

    /// <summary>Session that the feed chooses when it is asked without one; null: the newest.</summary>
    Session? FeedUses { get; set; }

    int PageSize { get; set; } = 5000;

    /// <summary>Lists the newest passings of a session first.</summary>
    bool Descends { get; set; }

    /// <summary>Without a position the feed leaves out this many of a session's first passings.</summary>
    int FeedSkips { get; set; }

    public void Dispose() => _http.Dispose();

    DeviceFeed Feed(FeedPosition? position = null, RufusCloudOptions? options = null) =>
        new(new(_http.Client(), ScriptedCloud.Key, options), "D", position);

    Session Open()
    {
        foreach (Session session in _sessions)
            session.IsActive = false;
        Session opened = new($"T{_sessions.Count + 1}", _sessions.Count);
        _sessions.Add(opened);
        return opened;
    }

    static async Task<List<string>> ReadAsync(DeviceFeed feed)
    {
        List<string> read = [];
        await foreach (CloudPassing passing in feed.ReadAsync(Cancelled))
        {
            Assert.Equal("D", passing.DeviceId);
            Assert.Equal(new(passing.TokenSession!, passing.Number!.Value), feed.Position);
            read.Add($"{passing.TokenSession}/{passing.Number}");
        }

        return read;
    }

    [Fact]
    public async Task a_device_without_sessions_gives_nothing()
    {
        DeviceFeed feed = Feed();
        Assert.Empty(await ReadAsync(feed));
        Assert.Null(feed.Position);
    }

    [Fact]
    public async Task what_is_new_since_the_last_reading_is_given_once()
    {
        Session session = Open().Add(1, 3);
        DeviceFeed feed = Feed();
        Assert.Equal(["T1/1", "T1/2", "T1/3"], await ReadAsync(feed));
        Assert.Empty(await ReadAsync(feed));
        session.Add(4, 5);
        Assert.Equal(["T1/4", "T1/5"], await ReadAsync(feed));
        Assert.Equal(new("T1", 5), feed.Position);
    }

    [Fact]
    public async Task numbers_may_begin_at_0_in_each_session()
    {
        Session first = Open();
        first.First = 0;
        first.Add(1, 2);
        DeviceFeed feed = Feed();
        Assert.Equal(["T1/0", "T1/1", "T1/2"], await ReadAsync(feed));
        Session second = Open();
        second.First = 0;
        Assert.Equal(["T2/0"], await ReadAsync(feed));
        Assert.Empty(await ReadAsync(feed));
        Assert.Equal(["T1/0", "T1/1", "T1/2", "T2/0"], await ReadAsync(Feed(new("T1", -1))));
    }

    [Fact]
    public async Task reading_goes_on_at_a_position_that_was_kept()
    {
        Open().Add(1, 9);
        Assert.Equal(["T1/8", "T1/9"], await ReadAsync(Feed(new("T1", 7))));
    }

    [Fact]
    public async Task more_than_an_answer_holds_is_read_by_several()
    {
        PageSize = 10;
        Open().Add(1, 95);
        Assert.Equal(95, (await ReadAsync(Feed())).Count);
    }

    [Fact]
    public async Task the_old_session_is_read_to_its_end_before_the_new_one()
    {
        Session first = Open().Add(1, 2);
        DeviceFeed feed = Feed();
        await ReadAsync(feed);
        first.Add(3, 4);
        Open().Add(1, 2);
        Assert.Equal(["T1/3", "T1/4", "T2/1", "T2/2"], await ReadAsync(feed));
        Assert.Equal(0, feed.UncertainJumps);
    }

    [Fact]
    public async Task sessions_opened_and_closed_between_two_readings_are_read_too()
    {
        Open().Add(1, 1);
        DeviceFeed feed = Feed();
        await ReadAsync(feed);
        Open().Add(1, 2);
        Open();
        Open().Add(1, 1);
        Assert.Equal(["T2/1", "T2/2", "T4/1"], await ReadAsync(feed));
        Assert.Equal(new("T4", 1), feed.Position);
    }

    [Fact]
    public async Task without_dates_a_jump_is_counted_as_uncertain()
    {
        TellsDates = false;
        Open().Add(1, 1);
        DeviceFeed feed = Feed();
        await ReadAsync(feed);
        Open().Add(1, 1);
        Assert.Equal(["T2/1"], await ReadAsync(feed));
        Assert.Equal(1, feed.UncertainJumps);
    }

    [Fact]
    public async Task a_server_without_a_feed_is_read_by_number_and_asked_for_the_feed_once()
    {
        HasFeed = false;
        Session first = Open().Add(1, 3);
        DeviceFeed feed = Feed();
        Assert.Equal(3, (await ReadAsync(feed)).Count);
        first.Add(4, 4);
        Open().Add(1, 1);
        Assert.Equal(["T1/4", "T2/1"], await ReadAsync(feed));
        Assert.Single(_http.Requests, request => request.Path.Contains("device2", StringComparison.Ordinal));
        _http.Requests.Clear();
        Assert.Equal(["T2/1"], await ReadAsync(Feed(null, new() { Profile = new() { Feed = false } })));
        Assert.DoesNotContain(_http.Requests, request => request.Path.Contains("device2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task the_end_of_a_session_is_read_when_no_other_one_was_opened()
    {
        HasFeed = false;
        Session first = Open().Add(1, 3);
        DeviceFeed feed = Feed();
        await ReadAsync(feed);
        first.Add(4, 4).IsActive = false;
        Assert.Equal(["T1/4"], await ReadAsync(feed));
    }

    [Fact]
    public async Task a_feed_that_ignores_the_position_is_left_for_the_numbers()
    {
        FeedHeedsLast = false;
        PageSize = 10;
        Session session = Open().Add(1, 25);
        DeviceFeed feed = Feed();
        Assert.Equal(25, (await ReadAsync(feed)).Count);
        session.Add(26, 26);
        Assert.Equal(["T1/26"], await ReadAsync(feed));
    }

    [Theory]
    [InlineData("""{"session_used":"T","passings":[{"bib":"1"}]}""", "num_passing")]
    [InlineData("""{"passings":[]}""", "session_used")]
    [InlineData("""{"session_used":"T","passings":7}""", "not a list")]
    [InlineData("<html>", "'<'")]
    public async Task an_answer_that_cannot_be_followed_is_a_failure(string body, string words)
    {
        _http.Otherwise = _ => ScriptedCloud.Answer(200, body);
        RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(() => ReadAsync(Feed()));
        Assert.Equal(RufusFailure.AnswerNotUnderstood, e.Failure);
        Assert.Contains(words, e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_feed_that_always_has_more_ends_at_the_bound_and_goes_on_at_the_next_reading()
    {
        int number = 0;
        _http.Otherwise = request => request.Path.Contains("device2", StringComparison.Ordinal)
            ? ScriptedCloud.Answer(200, "{\"session_used\":\"T\",\"passings\":[{\"num_passing\":" + ++number + "}]}")
            : ScriptedCloud.Answer(404);
        DeviceFeed feed = Feed(null, new() { MaxPages = 20 });
        Assert.Equal(20, (await ReadAsync(feed)).Count);
        Assert.Equal("T/21", (await ReadAsync(feed))[0]);
        Assert.Equal(40, number);
    }

    /// <summary>It shows the last hour, say: what lies between the position and its beginning is read by number.</summary>
    [Theory]
    [InlineData(9)]
    [InlineData(20)]
    public async Task a_feed_that_begins_behind_the_position_loses_nothing(int skips)
    {
        FeedHeedsLast = false;
        FeedSkips = skips;
        Session session = Open().Add(1, 7);
        DeviceFeed feed = Feed();
        Assert.Equal(7, (await ReadAsync(feed)).Count);
        session.Add(8, 14);
        Assert.Equal(Enumerable.Range(8, 7).Select(number => $"T1/{number}"), await ReadAsync(feed));
    }

    [Fact]
    public async Task numbers_with_gaps_are_read_through_the_feed()
    {
        Session session = Open().Add(1, 2);
        DeviceFeed feed = Feed();
        await ReadAsync(feed);
        session.Missing.UnionWith([3, 4]);
        session.Add(3, 6);
        Assert.Equal(["T1/5", "T1/6"], await ReadAsync(feed));
        session.Add(7, 7);
        _http.Requests.Clear();
        Assert.Equal(["T1/7"], await ReadAsync(feed));
        Assert.All(_http.Requests, request => Assert.Contains("device2", request.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task a_feed_that_goes_back_to_a_session_is_left_for_the_numbers()
    {
        Open().Add(1, 2);
        DeviceFeed feed = Feed();
        await ReadAsync(feed);
        Session second = Open();
        Assert.Empty(await ReadAsync(feed));
        FeedUses = _sessions[0];
        Assert.Empty(await ReadAsync(feed));
        second.Add(1, 1);
        Assert.Equal(["T2/1"], await ReadAsync(feed));
    }

    [Fact]
    public async Task without_a_feed_a_session_that_was_opened_and_closed_meanwhile_is_read_too()
    {
        HasFeed = false;
        Open().Add(1, 1);
        DeviceFeed feed = Feed();
        await ReadAsync(feed);
        Open().Add(1, 2);
        Open().Add(1, 1).IsActive = false;
        Assert.Equal(["T2/1", "T2/2", "T3/1"], await ReadAsync(feed));
        Assert.Empty(await ReadAsync(feed));
    }

    [Fact]
    public async Task after_a_failure_reading_goes_on_where_it_was()
    {
        Open().Add(1, 3);
        DeviceFeed feed = Feed();
        await ReadAsync(feed);
        _sessions[0].Add(4, 5);
        Open().Add(1, 1);
        Func<SeenRequest, HttpResponseMessage> answers = _http.Otherwise;
        List<string> read = [];
        int failures = 0;
        for (int failing = 0; read.Count < 3; failing++)
        {
            int at = _http.Requests.Count + failing;
            _http.Otherwise = request => _http.Requests.Count - 1 == at ? ScriptedCloud.Answer(503) : answers(request);
            try
            {
                await foreach (CloudPassing passing in feed.ReadAsync(Cancelled))
                    read.Add($"{passing.TokenSession}/{passing.Number}");
            }
            catch (RufusCloudException e)
            {
                Assert.Equal(RufusFailure.ServerFault, e.Failure);
                failures++;
            }
        }

        Assert.Equal(["T1/4", "T1/5", "T2/1"], read);
        Assert.True(failures >= 3, $"{failures} failures");
    }

    /// <summary>Whatever the server can do, and however sessions come between readings: each passing once, in order.</summary>
    [Fact]
    public void each_passing_is_given_once_whatever_comes_between_readings() => Gen.Select(
            Gen.Select(Gen.Bool, Gen.Bool, Gen.Int[1, 12]), Gen.Select(Gen.Bool, Gen.Int[0, 9]), Gen.Int[0, 4].Array[1, 30])
        .Sample((server, order, steps) =>
            RunAsync(server.Item1, server.Item2, server.Item3, order.Item1, order.Item2, steps).GetAwaiter().GetResult());

    static async Task RunAsync(bool hasFeed, bool heedsLast, int pageSize, bool descends, int skips, int[] steps)
    {
        using DeviceFeedTests cloud = new()
        {
            HasFeed = hasFeed,
            FeedHeedsLast = heedsLast,
            PageSize = pageSize,
            Descends = descends,
            FeedSkips = skips,
        };
        List<string> expected = [];
        List<string> read = [];
        DeviceFeed feed = cloud.Feed();
        bool hasBegun = false;
        foreach (int step in steps)
        {
            if (step == 0 && hasBegun)
                cloud.Open();
            if (step is 1 or 2 && cloud._sessions.LastOrDefault() is { } session)
                session.Add(session.Count + 1, session.Count + step * 7);
            if (step < 3)
                continue;
            if (!hasBegun)
                cloud.Open();
            hasBegun = true; // From here on there is a position, so nothing may be missed.
            read.AddRange(await ReadAsync(feed));
        }

        if (!hasBegun)
            cloud.Open();
        read.AddRange(await ReadAsync(feed));
        foreach (Session session in cloud._sessions)
            expected.AddRange(Enumerable.Range(1, session.Count).Select(number => $"{session.Token}/{number}"));
        Assert.Equal(expected, read);
    }

    HttpResponseMessage Answer(Uri address)
    {
        string[] path = address.AbsolutePath.Split('/')[2..];
        var query = HttpUtility.ParseQueryString(address.Query);
        int page = int.Parse(query["page"] ?? "1", CultureInfo.InvariantCulture);
        return path switch
        {
            ["passings", "device2", "D"] when HasFeed => FeedAnswer(query["token_session"], query["last"]),
            ["passings", "session", var token] => Listing(
                "result",
                Find(token)?.Range(int.Parse(query["first"]!, CultureInfo.InvariantCulture), page, PageSize, Descends),
                ",\"pagination\":{\"has_more\":true}"),
            ["sessions", "device", "D"] => Listing("result", _sessions.Select(Describe)),
            ["sessions", "device", "D", "active"] => Listing(
                "result", _sessions.Where(session => session.IsActive).Select(Describe) is var active && active.Any() ? active : null),
            _ => ScriptedCloud.Answer(404, """{"description":"Not found"}"""),
        };
    }

    Session? Find(string? token) => _sessions.Find(session => session.Token == token);

    HttpResponseMessage FeedAnswer(string? token, string? last)
    {
        if (_sessions.Count == 0)
            return ScriptedCloud.Answer(404, """{"description":"Sessions not found"}""");
        Session used = token is null && FeedUses is not null ? FeedUses : _sessions[^1];
        int after = FeedHeedsLast && used.Token == token ? int.Parse(last!, CultureInfo.InvariantCulture) : FeedSkips - 1;
        return Listing(
            "passings", used.Range(after + 1, 1, PageSize), $",\"session_used\":\"{used.Token}\",\"resumed_from\":{after}");
    }

    string Describe(Session session) =>
        $"{{\"token_session\":\"{session.Token}\",\"active\":{(session.IsActive ? "true" : "false")}"
        + (TellsDates ? $",\"creation_date\":\"2026-05-03T09:00:{session.Second:00}.000Z\"}}" : "}");

    static HttpResponseMessage Listing(string name, IEnumerable<string>? items, string more = "") => items is null
        ? ScriptedCloud.Answer(404, """{"description":"Session not found"}""")
        : ScriptedCloud.Answer(200, $"{{\"{name}\":[{string.Join(',', items)}]{more}}}");

    sealed class Session(string token, int second)
    {
        public string Token => token;

        public int Second => second;

        public bool IsActive { get; set; } = true;

        public int Count { get; private set; }

        /// <summary>Number of the first passing, 0 or 1.</summary>
        public int First { get; set; } = 1;

        /// <summary>Numbers that never came.</summary>
        public HashSet<int> Missing { get; } = [];

        public Session Add(int first, int last)
        {
            Assert.Equal(first, Count + 1);
            Count = last;
            return this;
        }

        public IEnumerable<string> Range(int first, int page, int size, bool descends = false) =>
            Enumerable.Range(First, Count + 1 - First).Where(number => number >= first && !Missing.Contains(number))
                .OrderBy(number => descends ? -number : number).Skip((page - 1) * size).Take(size).Select(number => $"{{\"num_passing\":{number},\"bib\":\"{number}\"}}");
    }
}
