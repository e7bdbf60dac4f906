using System.IO.Compression;
using System.Net;
using System.Text;
using RufusIngest.Tests.Support;
using Xunit;

namespace RufusIngest.Tests.Server;

public class CompressedBodyTests
{
    public static TheoryData<string> Encodings => ["gzip", "br"];

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZIP")]
    [InlineData("br")]
    [InlineData("BR")]
    public async Task a_compressed_body_is_the_same_body(string encoding)
    {
        await using var venue = await TestVenue.StartAsync();
        var token = await venue.OpenAsync();
        var passings = Enumerable.Range(1, 2_000).Select(n => TestVenue.Passing(n));
        var answer = await venue.PostAsync("passings", Compressed(TestVenue.Body(token, passings), encoding));
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal(2_000, venue.Server.Counters.Inserted);
        var device = await venue.PostAsync("devices", Compressed("""{"model":"M","serial_number":"2"}""", encoding));
        Assert.Equal(HttpStatusCode.Created, device.Status);
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task the_bound_holds_after_decompression_to_the_byte(string encoding)
    {
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { MaxBodyBytes = 100_000 });
        var body = TestVenue.Body(await venue.OpenAsync(), TestVenue.Passing(1));
        Assert.Equal(HttpStatusCode.Created, (await PostAsync("passings", 100_000)).Status);
        (await PostAsync("passings", 100_001)).Says(
            HttpStatusCode.RequestEntityTooLarge, "The body is larger than 100000 bytes");
        (await PostAsync("devices", 50_000_000)).Says(
            HttpStatusCode.RequestEntityTooLarge, "The body is larger than 100000 bytes");
        Assert.Equal(2, venue.Server.Counters.TooLarge);
        Assert.NotNull(await venue.BindAsync("SN-2"));

        Task<Answer> PostAsync(string path, int length) =>
            venue.PostAsync(path, Compressed(body.PadRight(length), encoding));
    }

    [Fact]
    public async Task a_compressed_body_without_content_is_bounded_by_what_is_sent()
    {
        await using var venue = await TestVenue.StartAsync(TestVenue.Options with { MaxBodyBytes = 1_000 });
        byte[] head = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0], empty = [0, 0, 0, 0xFF, 0xFF];
        var blocks = Enumerable.Repeat(empty, 1_000).SelectMany(block => block);
        var content = new ByteArrayContent([.. head, .. blocks]);
        content.Headers.ContentEncoding.Add("gzip");
        using var request = new HttpRequestMessage(HttpMethod.Post, "passings") { Content = content };
        request.Headers.TransferEncodingChunked = true;
        (await venue.SendAsync(request)).Says(
            HttpStatusCode.RequestEntityTooLarge, "The request could not be read");
        Assert.Equal(1, venue.Server.Counters.TooLarge);
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task what_is_cut_off_or_not_compressed_is_400(string encoding)
    {
        await using var venue = await TestVenue.StartAsync();
        var (token, whole) = await FiftyAsync(venue, encoding);
        List<byte[]> broken = [Encoding.UTF8.GetBytes(TestVenue.Body(token, TestVenue.Passing(1))), []];
        for (var length = 1; length < whole.Length; length += 37)
            broken.Add(whole[..length]);
        foreach (var bytes in broken)
            Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(venue, bytes, encoding));
        Assert.Equal(broken.Count, venue.Server.Counters.BadRequests);
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task what_is_damaged_is_never_a_fault(string encoding)
    {
        // A few bytes of gzip's header mean nothing. Brotli keeps no check sum: other bytes can be another token or bib.
        HashSet<HttpStatusCode> fine = [HttpStatusCode.BadRequest, HttpStatusCode.Created];
        if (encoding == "br")
            fine.UnionWith([HttpStatusCode.NotFound, HttpStatusCode.RequestEntityTooLarge]);
        await using var venue = await TestVenue.StartAsync();
        var (_, whole) = await FiftyAsync(venue, encoding);
        for (var at = 0; at < whole.Length; at += 41)
        {
            var flipped = whole.ToArray();
            flipped[at] ^= 0xFF;
            Assert.Contains(await PostAsync(venue, flipped, encoding), fine);
        }

        Assert.True(venue.Server.Counters.BadRequests > 0);
    }

    static async Task<(string Token, byte[] Whole)> FiftyAsync(TestVenue venue, string encoding)
    {
        var token = await venue.OpenAsync();
        var passings = Enumerable.Range(1, 50).Select(n => TestVenue.Passing(n));
        return (token, await Compressed(TestVenue.Body(token, passings), encoding)
            .ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    static async Task<HttpStatusCode> PostAsync(TestVenue venue, byte[] bytes, string encoding)
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentEncoding.Add(encoding);
        return (await venue.PostAsync("passings", content)).Status;
    }

    static ByteArrayContent Compressed(string text, string encoding)
    {
        using var to = new MemoryStream();
        using (Stream stream = encoding.Equals("br", StringComparison.OrdinalIgnoreCase)
            ? new BrotliStream(to, CompressionLevel.Fastest)
            : new GZipStream(to, CompressionLevel.Fastest))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
        }

        var content = new ByteArrayContent(to.ToArray());
        content.Headers.ContentEncoding.Add(encoding);
        return content;
    }
}
