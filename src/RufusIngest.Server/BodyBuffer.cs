using System.IO.Compression;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace RufusIngest.Server;

/// <summary>How reading a body ended.</summary>
enum BodyStatus : byte
{
    /// <summary>It is here.</summary>
    Whole,

    /// <summary>It is longer than allowed, as sent or decompressed.</summary>
    TooLarge,

    /// <summary>It says that it is compressed, and cannot be decompressed.</summary>
    Broken,

    /// <summary>It did not come in time.</summary>
    TooSlow,
}

/// <summary>What is wrong with a body that is here.</summary>
enum BodyFault : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Malformed, or a member is not what it must be.</summary>
    Wrong,

    /// <summary>A required member is not there.</summary>
    Missing,

    /// <summary>More passings than one request takes.</summary>
    TooMany,
}

/// <summary>A request body in one piece. Reusable; one request at a time.</summary>
sealed class BodyBuffer
{
    // A declared length is only a claim: memory beyond this is taken as bytes really arrive.
    const int MaxFirstBytes = 256 * 1024;

    byte[] _bytes = [];

    public int Length { get; private set; }

    public int Capacity => _bytes.Length;

    public Span<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <inheritdoc cref="Bytes"/>
    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Length);

    public void Set(ReadOnlySpan<byte> bytes)
    {
        Length = 0;
        Append(bytes);
    }

    /// <summary>Reads the body to its end, decompressing it when it says that it is gzip or brotli.</summary>
    /// <param name="request">The request.</param>
    /// <param name="maxBytes">Longest body allowed, as sent and decompressed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async ValueTask<BodyStatus> ReadAsync(
        HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        Length = 0;
        var declared = request.ContentLength ?? 0;
        if (declared > maxBytes)
            return BodyStatus.TooLarge;
        Reserve((int)Math.Min(declared, MaxFirstBytes));
        if (Decompressor(request) is not { } decompressor)
            return await ReadAsync(request.BodyReader, maxBytes, cancellationToken).ConfigureAwait(false);

        // A stream of empty blocks never fills the buffer: only its length as sent can end it.
        var limit = request.HttpContext.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>();
        limit.MaxRequestBodySize = maxBytes;
        var plain = PipeReader.Create(decompressor);
        try
        {
            return await ReadAsync(plain, maxBytes, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is InvalidDataException
            || (decompressor is BrotliStream && exception is InvalidOperationException))
        {
            return BodyStatus.Broken;
        }
        finally
        {
            await plain.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Null for a body that is not compressed, or in a way that nobody here knows: it is read as it is.</summary>
    static Stream? Decompressor(HttpRequest request)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase))
            return new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true);
        return encoding.Equals("br", StringComparison.OrdinalIgnoreCase)
            ? new BrotliStream(request.Body, CompressionMode.Decompress, leaveOpen: true)
            : null;
    }

    async ValueTask<BodyStatus> ReadAsync(PipeReader reader, int maxBytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            var fits = buffer.Length <= maxBytes - Length;
            if (fits)
            {
                foreach (var segment in buffer)
                    Append(segment.Span);
            }

            reader.AdvanceTo(buffer.End);
            if (!fits || result.IsCompleted)
                return fits ? BodyStatus.Whole : BodyStatus.TooLarge;
        }
    }

    void Append(ReadOnlySpan<byte> bytes)
    {
        Reserve(Length + bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    void Reserve(int capacity)
    {
        if (capacity > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(capacity, Math.Max(_bytes.Length * 2, 4096)));
    }
}
