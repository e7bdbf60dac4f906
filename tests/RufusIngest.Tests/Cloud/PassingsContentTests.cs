using System.IO.Compression;
using System.Text;
using System.Text.Json;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Cloud;

public class PassingsContentTests
{
    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task the_body_is_prefix_items_and_end_and_its_length_is_known()
    {
        CountingBatchPool pool = new();
        using PassingBatch batch = pool.Make("Finish", 5, 3);
        using PassingsContent content = new(PassingsContent.MakePrefix("T\"1/\u00e9"), batch.Items);
        using MemoryStream stream = new();
        await content.CopyToAsync(stream, Cancelled);
        Assert.Equal(stream.Length, content.Headers.ContentLength);
        Assert.Equal("application/json", content.Headers.ContentType!.ToString());
        using JsonDocument body = JsonDocument.Parse(stream.ToArray());
        Assert.Equal(["token_session", "passings_list"], body.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal("T\"1/\u00e9", body.RootElement.GetProperty("token_session").GetString());
        Assert.Equal(
            [5, 6, 7],
            body.RootElement.GetProperty("passings_list").EnumerateArray()
                .Select(p => p.GetProperty("num_passing").GetInt32()));
        Assert.Contains(Encoding.UTF8.GetString(batch.Items.Span), Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Fact]
    public async Task a_compressed_body_is_the_plain_one_and_its_memory_is_used_again()
    {
        CountingBatchPool pool = new();
        using MemoryStream memory = new();
        foreach (int count in new[] { 300, 2 })
        {
            using PassingBatch batch = pool.Make("Finish", 1, count);
            using PassingsContent plain = new(PassingsContent.MakePrefix("T"), batch.Items);
            using PassingsContent content = new(PassingsContent.MakePrefix("T"), batch.Items, memory);
            using MemoryStream wire = new();
            await content.CopyToAsync(wire, Cancelled);
            Assert.Equal((wire.Length, wire.Length), (content.Headers.ContentLength, content.Length));
            Assert.Equal(["gzip"], content.Headers.ContentEncoding);
            Assert.InRange(wire.Length, 20, plain.Length - 1);
            wire.Position = 0;
            using GZipStream gzip = new(wire, CompressionMode.Decompress);
            using MemoryStream unpacked = new();
            await gzip.CopyToAsync(unpacked, Cancelled);
            Assert.Equal(await plain.ReadAsByteArrayAsync(Cancelled), unpacked.ToArray());
        }
    }

    [Fact]
    public async Task closing_waits_for_every_write_under_way_and_no_write_begins_after()
    {
        CountingBatchPool pool = new();
        using PassingBatch batch = pool.Make("Finish", 1);
        using PassingsContent content = new(PassingsContent.MakePrefix("T"), batch.Items);
        using BlockedStream first = new();
        using BlockedStream second = new();
        Task firstCopy = content.CopyToAsync(first, Cancelled);
        Task secondCopy = content.CopyToAsync(second, Cancelled);
        Task closed = content.CloseAsync();
        Assert.False(closed.IsCompleted);
        await Assert.ThrowsAsync<InvalidOperationException>(() => content.CopyToAsync(Stream.Null, Cancelled));
        first.Release();
        await firstCopy;
        Assert.False(closed.IsCompleted);
        second.Release();
        await secondCopy;
        await closed.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        Assert.True(content.CloseAsync().IsCompleted);
    }

    [Fact]
    public async Task a_content_closed_before_it_was_read_never_reads_the_batch()
    {
        using PassingsContent content = new(PassingsContent.MakePrefix("T"), new byte[10]);
        Assert.True(content.CloseAsync().IsCompleted);
        using MemoryStream stream = new();
        await Assert.ThrowsAsync<InvalidOperationException>(() => content.CopyToAsync(stream, Cancelled));
        Assert.Equal(0, stream.Length);
        Assert.False(content.HasBegun);
    }

    [Fact]
    public async Task a_write_that_fails_ends_too()
    {
        using PassingsContent content = new(PassingsContent.MakePrefix("T"), new byte[10]);
        using MemoryStream readOnly = new([], writable: false);
        await Assert.ThrowsAnyAsync<Exception>(() => content.CopyToAsync(readOnly, Cancelled));
        Assert.True(content.CloseAsync().IsCompleted);
        Assert.True(content.HasBegun);
    }
}
