using System.Net;
using Microsoft.Extensions.Logging;
using RufusIngest.Cloud;
using RufusIngest.Server;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class InsertPassingsTests
{
    const string One =
        """
        {"bib":"1","chip":"C","num_passing":1,"timestamp":"2026-05-03T09:00:00Z","latitude":1.5,"longitude":"2"}
        """;

    const string NotAnInteger = "num_passing is not an integer of 0 or more";

    [Fact]
    public async Task resent_passings_are_duplicates_and_the_rest_is_stored()
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        await InsertAsync(venue, token, inserted: 2, duplicates: 0, TestVenue.Passing(1), TestVenue.Passing(2));
        await InsertAsync(
            venue, token, inserted: 1, duplicates: 2, TestVenue.Passing(1), TestVenue.Passing(2), TestVenue.Passing(3));
        await InsertAsync(venue, token, inserted: 1, duplicates: 1, TestVenue.Passing(0), TestVenue.Passing(0));
        Assert.Equal(new VenueCounters(4, 3, 0, 0, 0, 0), venue.Server.Counters);
    }

    [Theory]
    [InlineData("\"chip\":\"C\"", "\"chips\":\"C\"")]
    [InlineData("\"bib\":\"1\"", "\"b\\u0069b\":\"\\u0031\"")]
    [InlineData("09:00:00Z", "11:00:00.0009+02:00")]
    [InlineData("1.5", "\"1.50\"")]
    [InlineData("1.5", "15e-1")]
    [InlineData("\"2\"", "2.0")]
    [InlineData("\"2\"", "\"2\",\"status\":\"Sent\",\"gender\":\"F\"")]
    public async Task the_same_passing_spelled_otherwise_is_a_duplicate(string was, string now)
    {
        var otherwise = One.Replace(was, now, StringComparison.Ordinal);
        Assert.NotEqual(One, otherwise);
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        await InsertAsync(venue, token, inserted: 1, duplicates: 0, One);
        await InsertAsync(venue, token, inserted: 0, duplicates: 1, otherwise);
        Assert.Equal(0, venue.Server.Counters.Conflicts);
    }

    [Theory]
    [InlineData("\"bib\":\"1\"", "\"bib\":\"2\"")]
    [InlineData("\"chip\":\"C\"", "\"chip\":\"c\"")]
    [InlineData("\"chip\":\"C\"", "\"chip\":\"\"")]
    [InlineData("\"chip\":\"C\"", "\"chip\":null")]
    [InlineData("00Z", "00.001Z")]
    [InlineData("1.5", "1.25")]
    [InlineData("1.5", "null")]
    [InlineData("\"2\"", "3")]
    public async Task other_content_under_a_taken_number_is_a_logged_conflict(string was, string now)
    {
        using var logs = new CapturedLogs();
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { LoggerFactory = logs });
        var token = await venue.OpenAsync();
        await InsertAsync(venue, token, inserted: 1, duplicates: 0, One);
        var stored = await venue.GetAsync($"passings/session/{token}");
        await InsertAsync(venue, token, inserted: 0, duplicates: 1, One.Replace(was, now, StringComparison.Ordinal));
        Assert.Equal(new VenueCounters(1, 1, 1, 0, 0, 0), venue.Server.Counters);
        Assert.Equal(stored, await venue.GetAsync($"passings/session/{token}"));
        var warning = Assert.Single(logs.Lines, line => line.Level == LogLevel.Warning).Text;
        Assert.Contains(stored.Json.GetProperty("result")[0].GetRawText(), warning, StringComparison.Ordinal);
        Assert.Equal(2, warning.Split("num_passing").Length - 1);
    }

    [Fact]
    public async Task an_empty_bib_is_a_bib()
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        var passing = TestVenue.Passing(1).Replace("\"bib\":\"1\"", "\"bib\":\"\"", StringComparison.Ordinal);
        await InsertAsync(venue, token, inserted: 1, duplicates: 0, passing);
        await InsertAsync(venue, token, inserted: 0, duplicates: 1, passing);
        var read = (await venue.GetAsync($"passings/session/{token}")).Json.GetProperty("result")[0];
        Assert.Equal("", read.GetProperty("bib").GetString());
    }

    [Fact]
    public async Task a_flood_of_conflicts_is_counted_in_full_but_logged_in_part()
    {
        using var logs = new CapturedLogs();
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { LoggerFactory = logs });
        var token = await venue.OpenAsync();
        var passings = Enumerable.Range(1, 100).Select(n => TestVenue.Passing(n)).ToArray();
        await InsertAsync(venue, token, inserted: 100, duplicates: 0, passings);
        var others = passings.Select(p => p.Replace("\"bib\":\"", "\"bib\":\"X", StringComparison.Ordinal)).ToArray();
        await InsertAsync(venue, token, inserted: 0, duplicates: 100, others);
        Assert.Equal(100, venue.Server.Counters.Conflicts);
        var warnings = logs.Lines.Where(line => line.Level == LogLevel.Warning).ToArray();
        Assert.Equal(21, warnings.Length);
        Assert.StartsWith("80 more conflicts", warnings[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task unknown_and_closed_sessions_are_404_and_store_nothing()
    {
        await using var venue = await TestVenue.StartAsync();
        (await venue.PostAsync("passings", TestVenue.Body("nobody", One))).Is(HttpStatusCode.NotFound, Gone("nobody"));
        var token = await venue.OpenAsync();
        await venue.PatchAsync($"sessions/close/{token}");
        (await venue.PostAsync("passings", TestVenue.Body(token, One))).Is(HttpStatusCode.NotFound, Gone(token));
        Assert.Equal(0, venue.Server.Counters.Inserted);

        static string Gone(string token) =>
            $$"""{"description":"Session not found or closed","token_session":"{{token}}"}""";
    }

    [Theory]
    [InlineData("""{"passings_list":[]}""", "token_session is missing")]
    [InlineData("""{"token_session":7}""", "token_session is not a string")]
    [InlineData("""{"token_session":"T"}""", "passings_list is missing or empty")]
    [InlineData("""{"token_session":"T","passings_list":[]}""", "passings_list is missing or empty")]
    [InlineData("""{"token_session":"T","passings_list":{}}""", "passings_list is not an array")]
    [InlineData("""{"token_session":"T","passings_list":[7]}""", "passings_list[0] is not an object")]
    [InlineData("7", "The body is not a JSON object")]
    public async Task wrong_requests_are_400_and_say_what_is_wrong(string body, string description)
    {
        await using var venue = await TestVenue.StartAsync();
        (await venue.PostAsync("passings", body)).Says(HttpStatusCode.BadRequest, description);
    }

    [Theory]
    [InlineData("\"bib\":\"1\",", "", "bib is missing")]
    [InlineData("\"bib\":\"1\",", "\"bib\":null,", "bib is missing")]
    [InlineData("\"bib\":\"1\"", "\"bib\":1", "bib is not a string")]
    [InlineData("\"num_passing\":1,", "", "num_passing is missing")]
    [InlineData("\"num_passing\":1", "\"num_passing\":-1", NotAnInteger)]
    [InlineData("\"num_passing\":1", "\"num_passing\":1.5", NotAnInteger)]
    [InlineData("\"num_passing\":1", "\"num_passing\":\"1\"", NotAnInteger)]
    [InlineData("\"num_passing\":1", "\"num_passing\":9223372036854775808", NotAnInteger)]
    [InlineData("2026-05-03T09:00:00Z", "2026-05-03 at nine", "timestamp is not an RFC 3339 date-time")]
    [InlineData("\"timestamp\":\"2026-05-03T09:00:00Z\",", "", "timestamp is missing")]
    [InlineData("1.5", "true", "latitude is not a string or number")]
    [InlineData("\"2\"", "\"2x\"", "longitude is not a number")]
    [InlineData("\"2\"", "1e999", "longitude is not a number")]
    [InlineData("\"2\"", "\"NaN\"", "longitude is not a number")]
    public async Task one_wrong_passing_refuses_the_whole_list_and_names_it(string was, string now, string problem)
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        var wrong = One.Replace(was, now, StringComparison.Ordinal);
        Assert.NotEqual(One, wrong);
        (await venue.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(8), wrong))).Is(
            HttpStatusCode.BadRequest, $$"""{"description":"passings_list[1].{{problem}}"}""");
        Assert.Equal(new VenueCounters(0, 0, 0, 1, 0, 0), venue.Server.Counters);
    }

    [Fact]
    public async Task unknown_members_are_skipped_unless_strict()
    {
        await using var tolerant = await TestVenue.StartAsync();
        await using var strict = await TestVenue.StartAsync(new CloudProfile { UnknownMembers = false });
        var passing = TestVenue.Passing(1, """, "rssi":[{"a":1}]""");
        await InsertAsync(tolerant, await tolerant.OpenAsync(), inserted: 1, duplicates: 0, passing);
        var token = await strict.OpenAsync();
        (await strict.PostAsync("passings", TestVenue.Body(token, passing))).Is(
            HttpStatusCode.BadRequest, """{"description":"passings_list[0].rssi is not a member of a passing"}""");
        (await strict.PostAsync("passings", $$"""{"{{new string('x', 100)}}":1}""")).Says(
            HttpStatusCode.BadRequest, $"{new string('x', 64)} is not a member of the request");
        await InsertAsync(strict, token, inserted: 1, duplicates: 0, One);
    }

    [Fact]
    public async Task bounds_on_text_list_and_body_are_held_to_the_byte()
    {
        var options = TestVenue.Options with { MaxBodyBytes = 10_000, MaxPassingsPerPost = 3 };
        await using var venue = await TestVenue.StartAsync(options);
        var token = await venue.OpenAsync();
        const string TooLarge = """{"description":"The body is larger than 10000 bytes"}""";
        var body = TestVenue.Body(token, TestVenue.Passing(1));
        Assert.Equal(HttpStatusCode.Created, (await venue.PostAsync("passings", body.PadRight(10_000))).Status);
        (await venue.PostAsync("passings", body.PadRight(10_001))).Is(HttpStatusCode.RequestEntityTooLarge, TooLarge);
        (await venue.PostAsync("passings", new PiecesContent(body.PadRight(10_001), 4_000))).Is(
            HttpStatusCode.RequestEntityTooLarge, TooLarge);
        (await venue.PostAsync("devices", body.PadRight(10_001))).Is(HttpStatusCode.RequestEntityTooLarge, TooLarge);
        var four = Enumerable.Range(2, 4).Select(n => TestVenue.Passing(n)).ToArray();
        (await venue.PostAsync("passings", TestVenue.Body(token, four))).Is(
            HttpStatusCode.RequestEntityTooLarge, """{"description":"passings_list holds more than 3 passings"}""");
        await InsertAsync(venue, token, inserted: 3, duplicates: 0, four[..3]);
        var wide = TestVenue.Passing(9, $$""","status":"{{new string('s', 256)}}" """);
        await InsertAsync(venue, token, inserted: 1, duplicates: 0, wide);
        wide = wide.Replace(":\"s", ":\"ss", StringComparison.Ordinal);
        (await venue.PostAsync("passings", TestVenue.Body(token, wide))).Says(
            HttpStatusCode.BadRequest, "passings_list[0].status is longer than 256 bytes");
        Assert.Equal(4, venue.Server.Counters.TooLarge);
    }

    [Fact]
    public async Task a_large_body_over_the_default_bound_is_413_and_the_connection_lives_on()
    {
        await using var venue = await TestVenue.StartAsync();
        using var content = new ByteArrayContent(new byte[(16 * 1024 * 1024) + 1]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await venue.PostAsync("passings", content)).Status);
        Assert.NotNull(await venue.OpenAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(5_000)]
    public async Task a_body_in_pieces_is_the_same_body(int pieceBytes)
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        var count = pieceBytes == 1 ? 20 : 1_000;
        var passings = Enumerable.Range(1, count).Select(n => TestVenue.Passing(n, ""","chip":"Zürich\n" """));
        var body = TestVenue.Body(token, passings);
        var answer = await venue.PostAsync("passings", new PiecesContent(body, pieceBytes));
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal(count, answer.Json.GetProperty("inserted_count").GetInt32());
    }

    [Fact]
    public async Task a_body_cut_anywhere_is_400()
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        var body = TestVenue.Body(token, One);
        for (var length = 0; length < body.Length; length++)
        {
            var answer = await venue.PostAsync("passings", body[..length]);
            Assert.Equal((length, HttpStatusCode.BadRequest), (length, answer.Status));
            Assert.NotEmpty(answer.Text("description"));
        }

        (await venue.PostAsync("passings", body + "x")).Is(
            HttpStatusCode.BadRequest, $$"""{"description":"Malformed JSON after byte {{body.Length}}"}""");
        Assert.Equal(0, venue.Server.Counters.Inserted);
        await InsertAsync(venue, token, inserted: 1, duplicates: 0, One);
    }

    [Fact]
    public async Task bytes_that_are_not_utf8_are_400()
    {
        await using var venue = await TestVenue.StartAsync();
        using var content = new ByteArrayContent([(byte)'{', 0xFF, (byte)'}']);
        (await venue.PostAsync("passings", content)).Is(
            HttpStatusCode.BadRequest, """{"description":"The body is not UTF-8"}""");
    }

    [Fact]
    public async Task overlapping_batches_from_eight_posters_store_each_passing_once()
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        const int Total = 4_000;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(poster => Task.Run(
            async () =>
            {
                // Every poster sends everything, in batches of its own size and starting elsewhere.
                var numbers = Enumerable.Range(0, Total).Select(n => ((n + (poster * 517)) % Total) + 1);
                foreach (var batch in numbers.Chunk(90 + (poster * 13)))
                {
                    var body = TestVenue.Body(token, batch.Select(n => TestVenue.Passing(n)));
                    Assert.Equal(HttpStatusCode.Created, (await venue.PostAsync("passings", body)).Status);
                }
            },
            TestContext.Current.CancellationToken)));
        Assert.Equal(new VenueCounters(Total, 7 * Total, 0, 0, 0, 0), venue.Server.Counters);
        var result = (await venue.GetAsync($"passings/session/{token}")).Json.GetProperty("result");
        Assert.Equal(
            Enumerable.Range(1, Total), result.EnumerateArray().Select(p => p.GetProperty("num_passing").GetInt32()));
    }

    [Fact]
    public async Task a_client_that_sends_one_passing_a_request_from_many_threads_loses_none()
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        const int Senders = 16;
        const int Each = 200;
        var counts = new int[2];
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(
            async () =>
            {
                // A sender's first half is also its neighbour's second half: each passing is sent by two, at any time.
                for (var n = 0; n < Each; n++)
                {
                    var number = (((sender * Each / 2) + n) % (Senders * Each / 2)) + 1;
                    var answer = await venue.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(number)));
                    Assert.Equal(HttpStatusCode.Created, answer.Status);
                    Interlocked.Add(ref counts[0], answer.Json.GetProperty("inserted_count").GetInt32());
                    Interlocked.Add(ref counts[1], answer.Json.GetProperty("duplicate_count").GetInt32());
                }
            },
            TestContext.Current.CancellationToken)));
        const int Total = Senders * Each / 2;
        Assert.Equal([Total, Total], counts);
        Assert.Equal(new VenueCounters(Total, Total, 0, 0, 0, 0), venue.Server.Counters);
        var result = (await venue.GetAsync($"passings/session/{token}")).Json.GetProperty("result");
        Assert.Equal(
            Enumerable.Range(1, Total), result.EnumerateArray().Select(p => p.GetProperty("num_passing").GetInt32()));
    }

    static async Task InsertAsync(TestVenue venue, string token, int inserted, int duplicates, params string[] passings)
    {
        var answer = await venue.PostAsync("passings", TestVenue.Body(token, passings));
        answer.Is(
            HttpStatusCode.Created,
            $$"""
            {"description":"Passings inserted succesfully","token_session":"{{token}}",
            "inserted_count":{{inserted}},"duplicate_count":{{duplicates}}}
            """.ReplaceLineEndings(""));
    }
}
