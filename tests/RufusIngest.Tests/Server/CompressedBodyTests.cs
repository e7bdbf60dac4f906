using System.IO.Compression;
using System.Net;
using System.Text;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class CompressedBodyTests
{
    [Theory]
    [InlineData("gzip")]
    [InlineData("GZIP")]
    public async Task a_compressed_body_is_the_same_body(string encoding)
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        var passings = Enumerable.Range(1, 2_000).Select(n => TestVenue.Passing(n));
        var answer = await venue.PostAsync("passings", Gzip(TestVenue.Body(token, passings), encoding));
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal(2_000, venue.Server.Counters.Inserted);
        var device = await venue.PostAsync("devices", Gzip("""{"model":"M","serial_number":"2"}""", encoding));
        Assert.Equal(HttpStatusCode.Created, device.Status);
    }

    [Fact]
    public async Task the_bound_holds_after_decompression_to_the_byte()
    {
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { MaxBodyBytes = 100_000 });
        var body = TestVenue.Body(await venue.OpenAsync(), TestVenue.Passing(1));
        Assert.Equal(HttpStatusCode.Created, (await venue.PostAsync("passings", Gzip(body.PadRight(100_000)))).Status);
        (await venue.PostAsync("passings", Gzip(body.PadRight(100_001)))).Says(
            HttpStatusCode.RequestEntityTooLarge, "The body is larger than 100000 bytes");
        (await venue.PostAsync("devices", Gzip(body.PadRight(50_000_000)))).Says(
            HttpStatusCode.RequestEntityTooLarge, "The body is larger than 100000 bytes");
        Assert.Equal(2, venue.Server.Counters.TooLarge);
        Assert.NotNull(await venue.BindAsync("SN-2"));
    }

    [Fact]
    public async Task broken_gzip_is_400_wherever_it_breaks()
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        var whole = await Gzip(TestVenue.Body(token, Enumerable.Range(1, 50).Select(n => TestVenue.Passing(n))))
            .ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        List<byte[]> broken = [Encoding.UTF8.GetBytes(TestVenue.Body(token, TestVenue.Passing(1))), []];
        for (var length = 1; length < whole.Length; length += 37)
            broken.Add(whole[..length]);
        for (var at = 0; at < whole.Length; at += 41)
        {
            var flipped = whole.ToArray();
            flipped[at] ^= 0xFF;
            broken.Add(flipped);
        }

        foreach (var bytes in broken)
        {
            var content = new ByteArrayContent(bytes);
            content.Headers.ContentEncoding.Add("gzip");
            var status = (await venue.PostAsync("passings", content)).Status;

            // A few bytes of the header, such as the time of making, mean nothing.
            if (status != HttpStatusCode.Created)
                Assert.Equal(HttpStatusCode.BadRequest, status);
        }

        Assert.InRange(venue.Server.Counters.BadRequests, broken.Count - 2, broken.Count);
    }

    static ByteArrayContent Gzip(string text, string encoding = "gzip")
    {
        using var to = new MemoryStream();
        using (var gzip = new GZipStream(to, CompressionLevel.Fastest))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        var content = new ByteArrayContent(to.ToArray());
        content.Headers.ContentEncoding.Add(encoding);
        return content;
    }
}
