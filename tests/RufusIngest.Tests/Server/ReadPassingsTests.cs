using System.Net;
using RufusIngest.Cloud;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class ReadPassingsTests
{
    const string Full =
        """
        {"bib":"Ä\"1","num_passing":1,"timestamp":"2026-05-03T09:00:00.5Z","chips":"C","latitude":"12.000",
        "longitude":-1.25e1,"status":"Sent","participant_id":"P","timezone":"CET","gender":"F"}
        """;

    [Theory]
    [InlineData(CloudEnvelope.Flat, "\"12.000\"", "\"-1.25e1\"")]
    [InlineData(CloudEnvelope.Wrapped, "12", "-12.5")]
    [InlineData(CloudEnvelope.WrappedText, "12", "-12.5")]
    public async Task a_passing_reads_back_with_every_member(CloudEnvelope envelope, string latitude, string longitude)
    {
        await using var venue = await TestVenue.StartAsync(new CloudProfile { Envelope = envelope });
        var (device, token) = await OpenAsync(venue);
        await venue.PostAsync("passings", TestVenue.Body(token, TestVenue.Passing(2, ""","latitude":"" """), Full));
        var expected =
            $$$"""
            {"description":"Success","result":[{"token_session":"{{{token}}}","timestamp":"2026-05-03T09:00:00.500Z",
            "num_passing":1,"latitude":{{{latitude}}},"longitude":{{{longitude}}},"status":"Sent","participant_id":"P",
            "chip":"C","bib":"Ä\"1","timezone":"CET","gender":"F","deviceid":"{{{device}}}"},
            {"token_session":"{{{token}}}","timestamp":"2026-05-03T09:00:00.002Z","num_passing":2,"latitude":null,
            "longitude":null,"status":null,"participant_id":null,"chip":null,"bib":"2","timezone":null,"gender":null,
            "deviceid":"{{{device}}}"}],"pagination":{"page":1,"limit":5000,"total":2,"has_more":false}}
            """.ReplaceLineEndings("");
        (await venue.GetAsync($"passings/session/{token}")).Is(HttpStatusCode.OK, envelope switch
        {
            CloudEnvelope.Flat => expected,
            CloudEnvelope.Wrapped => "{\"body\":" + expected + "}",
            _ => "{\"body\":\"" + expected.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"}",
        });
    }

    [Theory]
    [InlineData("", 1, 5_000, 12_001, true)]
    [InlineData("?page=2", 5_001, 5_000, 12_001, true)]
    [InlineData("?page=3", 10_001, 2_001, 12_001, false)]
    [InlineData("?page=4", 0, 0, 12_001, false)]
    [InlineData("?page=2147483647", 0, 0, 12_001, false)]
    [InlineData("?first=12000", 12_000, 2, 2, false)]
    [InlineData("?last=3", 1, 3, 3, false)]
    [InlineData("?first=5&last=5", 5, 1, 1, false)]
    [InlineData("?first=6&last=5", 0, 0, 0, false)]
    [InlineData("?first=100&last=199&page=2&limit=60", 160, 40, 100, false)]
    [InlineData("?first=100&last=199&page=1&limit=60", 100, 60, 100, true)]
    [InlineData("?first=100&last=199&page=2&limit=50", 150, 50, 100, false)]
    public async Task ranges_and_pages_follow_the_numbers(string query, int first, int count, int total, bool more)
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        var passings = Enumerable.Range(1, 12_001).Reverse().Select(n => TestVenue.Passing(n));
        var stored = await venue.PostAsync("passings", TestVenue.Body(token, passings));
        Assert.Equal(HttpStatusCode.Created, stored.Status);
        var answer = (await venue.GetAsync($"passings/session/{token}{query}")).Json;
        Assert.Equal(
            Enumerable.Range(first, count),
            answer.GetProperty("result").EnumerateArray().Select(p => p.GetProperty("num_passing").GetInt32()));
        Assert.Equal(total, answer.GetProperty("pagination").GetProperty("total").GetInt32());
        Assert.Equal(more, answer.GetProperty("pagination").GetProperty("has_more").GetBoolean());
    }

    [Fact]
    public async Task a_closed_or_empty_session_still_reads()
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        const string Empty =
            """{"description":"Success","result":[],"pagination":{"page":1,"limit":5000,"total":0,"has_more":false}}""";
        (await venue.GetAsync($"passings/session/{token}")).Is(HttpStatusCode.OK, Empty);
        await venue.PostAsync("passings", TestVenue.Body(token, Full));
        await venue.PatchAsync($"sessions/close/{token}");
        var read = await venue.GetAsync($"passings/session/{token}");
        Assert.Equal(1, read.Json.GetProperty("result").GetArrayLength());
    }

    [Theory]
    [InlineData("first=-1", "first is not an integer of 0 or more")]
    [InlineData("last=x", "last is not an integer of 0 or more")]
    [InlineData("page=0", "page is not an integer of 1 or more")]
    [InlineData("page=", "page is not an integer of 1 or more")]
    [InlineData("page=1&page=2", "page is not an integer of 1 or more")]
    [InlineData("page=99999999999999999999", "page is not an integer of 1 or more")]
    [InlineData("limit=5001", "limit is not an integer from 1 to 5000")]
    public async Task wrong_parameters_are_400(string query, string description)
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        (await venue.GetAsync($"passings/session/{token}?{query}")).Is(
            HttpStatusCode.BadRequest, $$"""{"description":"{{description}}"}""");
    }

    static async Task<(string Device, string Token)> OpenAsync(TestVenue venue)
    {
        var device = (await venue.PostAsync("devices", """{"model":"M","serial_number":"S"}""")).Body;
        device = Hex(device);
        return (device, Hex((await venue.PostAsync("sessions", $$"""{"deviceid":"{{device}}"}""")).Body));

        static string Hex(string body) => System.Text.RegularExpressions.Regex.Match(body, "[0-9A-F]{64}").Value;
    }
}
