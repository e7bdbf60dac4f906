using System.IO.Compression;
using System.Net;
using System.Text.Json;

namespace RufusIngest.Cloud;

/// <summary>
/// The body of <c>POST /passings</c>, written straight from the memory of the passings or from what they were
/// compressed into, and the gate that says when that memory is free again: an early answer or a cancellation may come
/// while the handler is still writing.
/// </summary>
sealed class PassingsContent : HttpContent
{
    const int Closed = int.MinValue;

    static readonly byte[] Suffix = "]}"u8.ToArray();

    readonly byte[] _prefix;
    readonly ReadOnlyMemory<byte> _items;
    readonly MemoryStream? _compressed;
    readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _gate; // Writes under way; with the sign bit set, none can begin.
    int _begun;

    /// <summary>Makes a body.</summary>
    /// <param name="prefix">From <see cref="MakePrefix"/>.</param>
    /// <param name="items">
    /// JSON objects separated by commas; must stay as they are until <see cref="CloseAsync"/> ends.
    /// </param>
    /// <param name="compressed">
    /// Given, the body is compressed (gzip) into it now, and it must stay as it is instead of the items. Null: plain.
    /// </param>
    public PassingsContent(byte[] prefix, ReadOnlyMemory<byte> items, MemoryStream? compressed = null)
    {
        _prefix = prefix;
        _items = items;
        _compressed = compressed;
        Headers.ContentType = new("application/json");
        if (compressed is null)
            return;
        Compress(compressed);
        Headers.ContentEncoding.Add("gzip");
    }

    /// <summary>Bytes on the wire, the framing apart.</summary>
    public long Length => _compressed?.Length ?? (_prefix.Length + (long)_items.Length + Suffix.Length);

    /// <summary>Whether a write ever began, so that the server may have the passings.</summary>
    public bool HasBegun => Volatile.Read(ref _begun) != 0;

    /// <summary>The body's bytes before the items.</summary>
    public static byte[] MakePrefix(string tokenSession) =>
    [
        .. "{\"token_session\":\""u8,
        .. JsonEncodedText.Encode(tokenSession).EncodedUtf8Bytes,
        .. "\",\"passings_list\":["u8,
    ];

    /// <summary>From now on no write can begin; ends when those under way have ended.</summary>
    public Task CloseAsync()
    {
        int underWay = Interlocked.Or(ref _gate, Closed) & ~Closed;
        return underWay == 0 ? Task.CompletedTask : _ended.Task;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Begin();
        try
        {
            if (_compressed is not null)
            {
                ReadOnlyMemory<byte> all = _compressed.GetBuffer().AsMemory(0, (int)_compressed.Length);
                await stream.WriteAsync(all, cancellationToken).ConfigureAwait(false);
                return;
            }

            await stream.WriteAsync(_prefix, cancellationToken).ConfigureAwait(false);
            await stream.WriteAsync(_items, cancellationToken).ConfigureAwait(false);
            await stream.WriteAsync(Suffix, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            End();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = Length;
        return true;
    }

    void Compress(MemoryStream into)
    {
        into.SetLength(0);
        using GZipStream gzip = new(into, CompressionLevel.Optimal, leaveOpen: true);
        gzip.Write(_prefix);
        gzip.Write(_items.Span);
        gzip.Write(Suffix);
    }

    void Begin()
    {
        int seen = Volatile.Read(ref _gate);
        while (true)
        {
            if (seen < 0)
                throw new InvalidOperationException("The batch behind this body has been given back.");
            int was = Interlocked.CompareExchange(ref _gate, seen + 1, seen);
            if (was == seen)
                break;
            seen = was;
        }

        Volatile.Write(ref _begun, 1);
    }

    void End()
    {
        if (Interlocked.Decrement(ref _gate) == Closed)
            _ended.TrySetResult();
    }
}
