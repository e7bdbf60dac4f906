using System.Net;
using System.Text;
using System.Text.Json;
using RufusIngest.Cloud;
using RufusIngest.Tests.Support;
using RufusIngest.Tool;
using RufusIngest.Tool.Probe;

namespace RufusIngest.Tests.Tool.Probe;

/// <summary>The probe against a cloud in memory that can do what the venue server does not, and misbehave.</summary>
public sealed class ProbeRunTests
{
    [Theory]
    [MemberData(nameof(Keys))]
    public async Task It_tells_the_duplicate_keys_apart(DuplicateKey key, bool hasCounts, bool canRead)
    {
        ProbedCloud cloud = new() { DuplicateKey = key, HasCounts = hasCounts, CanRead = canRead };
        ProbeTrial trial = await ProbeTrial.OfAsync(cloud, settings => settings with { ReplaceActive = true });

        Assert.Equal(hasCounts || canRead ? key : null, trial.Profile.DuplicateKey);
        Assert.Equal(hasCounts, trial.Profile.DuplicateCount);
    }

    public static MatrixTheoryData<DuplicateKey, bool, bool> Keys =>
        new(Enum.GetValues<DuplicateKey>(), [true, false], [true, false]);

    [Theory]
    [InlineData(DuplicateKey.Number)]
    [InlineData(DuplicateKey.Content)]
    public async Task What_reads_back_outweighs_counts_that_say_otherwise(DuplicateKey key)
    {
        ProbeTrial trial = await ProbeTrial.OfAsync(new ProbedCloud { DuplicateKey = key, Replaces = true });

        Assert.Equal(key, trial.Profile.DuplicateKey);
        Assert.Contains("say otherwise", trial.Seen("duplicate key"), StringComparison.Ordinal);
        Assert.Contains("replaces the earlier", trial.Seen("duplicate key"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(InvalidPassingRule.RefusesBatch, true, true)]
    [InlineData(InvalidPassingRule.StoresOthers, true, true)]
    [InlineData(InvalidPassingRule.StoresAll, true, true)]
    [InlineData(InvalidPassingRule.RefusesBatch, false, true)]
    [InlineData(InvalidPassingRule.StoresOthers, false, true)]
    [InlineData(InvalidPassingRule.StoresAll, false, true)]
    [InlineData(InvalidPassingRule.RefusesBatch, true, false)]
    [InlineData(InvalidPassingRule.StoresOthers, true, false)]
    [InlineData(InvalidPassingRule.StoresOthers, false, false)]
    public async Task It_tells_what_becomes_of_a_batch_with_an_invalid_passing(
        InvalidPassingRule rule, bool canRead, bool hasCounts)
    {
        ProbedCloud cloud = new() { InvalidPassing = rule, CanRead = canRead, HasCounts = hasCounts };
        ProbeTrial trial = await ProbeTrial.OfAsync(cloud, settings => settings with { ReplaceActive = true });

        Assert.Equal(canRead || hasCounts ? rule : null, trial.Profile.InvalidPassing);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_tells_whether_a_range_holds_its_ends(bool isInclusive)
    {
        ProbeTrial trial = await ProbeTrial.OfAsync(new ProbedCloud { RangeIsInclusive = isInclusive });

        Assert.Equal(isInclusive, trial.Profile.RangeIsInclusive);
    }

    [Fact]
    public async Task A_batch_of_which_a_part_is_dropped_in_silence_is_too_large()
    {
        ProbeTrial trial = await ProbeTrial.OfAsync(new ProbedCloud { KeepsOfPost = 5 });

        Assert.Equal(5, trial.Profile.MaxPassingsPerPost);
        Assert.Equal(201, trial.Profile.TooManyStatus);
        Assert.Contains("5 of 6 stored", trial.Seen("passings per POST"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_size_that_only_breaks_the_server_is_no_limit()
    {
        ProbedCloud cloud = new()
        {
            Instead = (_, request) => request.Body.Split("num_passing").Length > 9 ? ProbedCloud.Say(502, "Bad") : null,
        };
        ProbeTrial trial = await ProbeTrial.OfAsync(cloud);

        Assert.Null(trial.Profile.MaxPassingsPerPost);
        Assert.Null(trial.Profile.TooManyStatus);
        Assert.Equal(1, trial.Profile.PassingsPerPostTried);
        Assert.Equal("1 taken, then 502 \"Bad\", 4 times", trial.Seen("passings per POST"));
    }

    [Fact]
    public async Task Its_sessions_are_closed_at_the_end_also_when_it_is_stopped()
    {
        ProbedCloud cloud = new();
        using CancellationTokenSource stop = new();
        cloud.Instead = (count, _) =>
        {
            if (count == 40)
                stop.Cancel();
            return null;
        };
        using StringWriter output = new();
        using ProbeClient client = new(cloud, new("http://cloud.test/v0/"), ProbedCloud.Key, new InstantTime(), null);
        ProbeSettings settings = new()
        {
            Address = new("http://cloud.test/v0/"),
            ApiKey = ProbedCloud.Key,
            Serial = "S",
            MaxPassings = 16,
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new ProbeRun(settings, client, output.WriteLine).RunAsync(stop.Token));
        Assert.Equal(42, cloud.Requests.Count); // The one that was under way, and closing.
        Assert.Null(cloud.Active);
    }

    [Fact]
    public async Task A_throttled_server_is_asked_again_after_the_time_it_names()
    {
        InstantTime time = new();
        ProbedCloud cloud = new() { Instead = (count, _) => count % 3 == 0 ? null : Throttled() };
        ProbeTrial trial = await ProbeTrial.OfAsync(cloud, time: time);
        ProbeTrial calm = await ProbeTrial.OfAsync(new ProbedCloud());

        Assert.Equal(calm.Profile with { ProbedAt = null }, trial.Profile with { ProbedAt = null });
        Assert.Contains(TimeSpan.FromSeconds(7), time.Waits);
        Assert.DoesNotContain(time.Waits, wait => wait < TimeSpan.FromSeconds(7));

        static HttpResponseMessage Throttled()
        {
            HttpResponseMessage answer = ProbedCloud.Say(429, "Slow down");
            answer.Headers.Add("Retry-After", "7");
            return answer;
        }
    }

    [Fact]
    public async Task A_throttle_without_end_leaves_members_unknown_and_says_why()
    {
        ProbedCloud cloud = new()
        {
            Instead = (_, request) => request.Path.EndsWith("/passings", StringComparison.Ordinal)
                ? ProbedCloud.Say(429, "Slow down") : null,
        };
        ProbeTrial trial = await ProbeTrial.OfAsync(cloud);

        Assert.Equal(201, trial.Profile.OpenStatus);
        Assert.Null(trial.Profile.InsertStatus);
        Assert.Null(trial.Profile.EmptyBib);
        Assert.Equal("429 \"Slow down\", 4 times", trial.Seen("insert"));
        Assert.Contains("Still open: ", trial.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_dies_half_way_ends_in_a_profile_of_what_was_found()
    {
        ProbedCloud cloud = new()
        {
            Instead = (count, _) => count < 21 ? null : throw new HttpRequestException("Connection refused"),
        };
        ProbeTrial trial = await ProbeTrial.OfAsync(cloud);

        Assert.Equal(201, trial.Profile.BindStatus);
        Assert.Equal(404, trial.Profile.SessionClosedStatus);
        Assert.Null(trial.Profile.DuplicateKey);
        Assert.Null(trial.Profile.MaxPassingsPerPost);
        Assert.Null(trial.Profile.EmptyBib);
        Assert.Contains("no answer: Connection refused", trial.Seen("duplicate key"), StringComparison.Ordinal);
        Assert.Contains("could not be closed", trial.Output, StringComparison.Ordinal);
        Assert.Contains("\"open_status\": 201", trial.SavedProfile, StringComparison.Ordinal);
        Assert.True(cloud.Requests.Count < 80); // One attempt each, once it is silent.
    }

    [Fact]
    public async Task A_session_that_somebody_closes_meanwhile_makes_no_member_false()
    {
        ProbedCloud cloud = new();
        cloud.Instead = (_, request) => request.Body.Contains("\"chip\"", StringComparison.Ordinal)
            ? Gone(cloud) : null;
        ProbeTrial trial = await ProbeTrial.OfAsync(cloud);

        Assert.Equal(201, trial.Profile.InsertStatus);
        Assert.Null(trial.Profile.ChipMember);
        Assert.Null(trial.Profile.EmptyBib);
        Assert.Contains("an ordinary passing was refused", trial.Seen("empty bib"), StringComparison.Ordinal);

        static HttpResponseMessage Gone(ProbedCloud cloud)
        {
            cloud.WithActiveSession();
            return ProbedCloud.Say(404, "Session not found or closed");
        }
    }

    [Fact]
    public async Task Pages_in_place_of_answers_end_it_at_the_start_without_a_device()
    {
        ProbedCloud cloud = new() { Instead = (_, _) => Page() };
        ProbeTrial trial = await ProbeTrial.OfAsync(cloud);

        Assert.Equal(ExitCode.Refused, trial.End!.ExitCode);
        Assert.Contains("no device", trial.End.Message, StringComparison.Ordinal);
        Assert.Contains("not JSON", trial.End.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_in_place_of_answers_later_leave_members_unknown()
    {
        ProbedCloud cloud = new()
        {
            Instead = (_, request) => request.Method == "GET" && request.Path.Contains("/passings/") ? Page() : null,
        };
        ProbeTrial trial = await ProbeTrial.OfAsync(cloud);

        Assert.Null(trial.Profile.ChipMember);
        Assert.Null(trial.Profile.RangeIsInclusive);
        Assert.Null(trial.Profile.Pagination);
        Assert.Equal(201, trial.Profile.InsertStatus);
        Assert.Equal(CloudEnvelope.Flat, trial.Profile.Envelope);
    }

    static HttpResponseMessage Page() =>
        new(HttpStatusCode.OK) { Content = new StringContent("<html>Welcome</html>", Encoding.UTF8, "text/html") };

    [Theory]
    [InlineData("{\"description\":\"\\ud800\",\"result\":[{\"\\udc00\":1}]}")]
    [InlineData("{\"result\":[null,1,\"x\",[],{\"num_passing\":{}}],\"pagination\":7}")]
    [InlineData("{\"body\":\"{\\\"body\\\":\\\"\\ud800\\\"}\"}")]
    [InlineData("{\"body\":null}")]
    [InlineData("{\"body\":[1]}")]
    [InlineData("[[]]")]
    [InlineData("\"\"")]
    [InlineData("{\"inserted_count\":1e99,\"duplicate_count\":\"-7\",\"token_session\":\"..\",\"deviceid\":7}")]
    public async Task Strange_answers_later_end_nothing(string body)
    {
        ProbedCloud cloud = new()
        {
            Instead = (count, _) => count < 3 ? null : new(HttpStatusCode.OK) { Content = new StringContent(body) },
        };
        ProbeTrial trial = await ProbeTrial.OfAsync(cloud);

        Assert.Null(trial.End);
        Assert.Null(trial.Profile.DuplicateKey);
        Assert.Null(trial.Profile.RangeIsInclusive);
        Assert.Null(trial.Profile.MaxPassingsPerPost);
    }

    [Theory]
    [InlineData(DuplicateKey.Number, true, 15)]
    [InlineData(DuplicateKey.Number, false, 15)]
    [InlineData(DuplicateKey.None, true, 15)]
    [InlineData(DuplicateKey.NumberAndContent, true, 9)]
    public async Task The_largest_request_is_found_with_few_passings_where_repeats_are_counted(
        DuplicateKey key, bool hasCounts, int most)
    {
        ProbedCloud cloud = new() { DuplicateKey = key, HasCounts = hasCounts };
        cloud.Instead = (_, request) =>
            request.Body.Split("num_passing").Length - 1 > most ? ProbedCloud.Say(413, "Too many") : null;
        ProbeTrial trial = await ProbeTrial.OfAsync(cloud);

        Assert.Equal(most, trial.Profile.MaxPassingsPerPost);
        Assert.Equal(413, trial.Profile.TooManyStatus);
        Assert.Equal(hasCounts && key != DuplicateKey.None, cloud.Stored < 22 + 2 + most);
    }

    [Fact]
    public async Task A_mixture_of_envelopes_is_none()
    {
        ProbedCloud cloud = new();
        cloud.Instead = (count, request) => request.Method == "PATCH"
            ? new(HttpStatusCode.OK) { Content = new StringContent("""{"body":{"description":"closed"}}""") } : null;
        ProbeTrial trial = await ProbeTrial.OfAsync(cloud);

        Assert.Null(trial.Profile.Envelope);
        Assert.Contains("not one: ", trial.Seen("envelope"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_active_session_of_somebody_else_ends_it_before_anything_is_closed()
    {
        ProbedCloud cloud = new ProbedCloud().WithActiveSession();
        ProbeTrial refused = await ProbeTrial.OfAsync(cloud);

        Assert.Equal(ExitCode.Refused, refused.End!.ExitCode);
        Assert.Contains("S1", refused.End.Message, StringComparison.Ordinal);
        Assert.Contains("--replace-active", refused.End.Message, StringComparison.Ordinal);
        Assert.Equal("S1", cloud.Active);

        ProbedCloud listed = new ProbedCloud().WithActiveSession();
        listed.Instead = (_, request) => request.Method == "GET" && request.Path.EndsWith("/devices", StringComparison.Ordinal)
            ? ScriptedCloud.Answer(200, """{"description":"Success","result":[{"deviceid":"D1","serial_number":"SN-PROBE"}]}""")
            : null;
        Assert.Equal(ExitCode.Refused, (await ProbeTrial.OfAsync(listed)).End!.ExitCode);
        Assert.DoesNotContain(listed.Requests, request => request.Method != "GET"); // It may be a timing device.

        ProbeTrial allowed = await ProbeTrial.OfAsync(
            new ProbedCloud().WithActiveSession(), settings => settings with { ReplaceActive = true });
        Assert.Equal(201, allowed.Profile.OpenStatus);
    }

    [Fact]
    public async Task A_key_that_only_writes_needs_the_word_and_says_what_it_cannot_see()
    {
        ProbeTrial refused = await ProbeTrial.OfAsync(new ProbedCloud { CanRead = false });
        Assert.Equal(ExitCode.Refused, refused.End!.ExitCode);
        Assert.Contains("--replace-active", refused.End.Message, StringComparison.Ordinal);

        ProbedCloud cloud = new() { CanRead = false };
        ProbeTrial trial = await ProbeTrial.OfAsync(cloud, settings => settings with { ReplaceActive = true });
        Assert.Equal("needs a key that may read", trial.Seen("range"));
        Assert.Contains("needs a key that may read", trial.Seen("chip"), StringComparison.Ordinal);
        Assert.Null(trial.Profile.Pagination);
        Assert.Null(trial.Profile.Feed);
        Assert.Equal(201, trial.Profile.BindStatus); // It differs from the second.
        Assert.DoesNotContain(cloud.Requests, request => request.Path.Contains("/passings/session"));
    }

    [Fact]
    public async Task A_key_that_is_refused_ends_it()
    {
        ProbedCloud cloud = new();
        ProbeTrial trial = await ProbeTrial.OfAsync(
            cloud, settings => settings with { ApiKey = "ror-ffffffffffffffffffff" });

        Assert.Equal(ExitCode.Refused, trial.End!.ExitCode);
        Assert.Contains("the key is refused", trial.End.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unbinding_is_tried_only_when_asked_for()
    {
        ProbedCloud cloud = new();
        await ProbeTrial.OfAsync(cloud);
        Assert.DoesNotContain(cloud.Requests, request => request.Method == "DELETE");

        cloud = new();
        await ProbeTrial.OfAsync(cloud, settings => settings with { Unbind = true });
        Assert.Equal("DELETE", cloud.Requests[^1].Method);
    }

    [Fact]
    public async Task Json_holds_the_profile_as_its_file_does()
    {
        ProbeTrial trial = await ProbeTrial.OfAsync(new ProbedCloud(), settings => settings with { Json = true });

        JsonElement json = JsonDocument.Parse(trial.Output[trial.Output.IndexOf('{', StringComparison.Ordinal)..])
            .RootElement;
        JsonElement saved = JsonDocument.Parse(trial.SavedProfile).RootElement;
        Assert.True(JsonElement.DeepEquals(saved, json.GetProperty("profile")));
        Assert.Equal(trial.Record.Count(c => c == '\n'), json.GetProperty("exchanges").GetInt32());
        Assert.True(json.GetProperty("findings").GetArrayLength() > 25);
    }

    [Fact]
    public async Task Each_experiment_has_numbers_of_its_own_and_no_member_that_the_api_does_not_name()
    {
        ProbedCloud cloud = new() { HasCounts = false }; // With counts, large requests repeat each other.
        await ProbeTrial.OfAsync(cloud);

        var first = cloud.Requests.Where(request => request.Path == "/v0/passings")
            .Select(request => JsonDocument.Parse(request.Body).RootElement)
            .Where(body => body.TryGetProperty("passings_list", out _))
            .SelectMany(body => body.GetProperty("passings_list").EnumerateArray())
            .Select(item => item.GetProperty("num_passing").GetInt32()).ToList();
        // Again on purpose: the same, other content, and the same in another session.
        Assert.Equal(3, first.Count - first.Distinct().Count());
        Assert.Single(cloud.Requests, request => request.Body.Contains("x_probe", StringComparison.Ordinal));
    }
}
