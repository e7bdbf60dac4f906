using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>A request body in one piece. Reusable; one request at a time.</summary>
sealed class BodyBuffer
{
    // A declared length is only a claim: memory beyond this is taken as bytes really arrive.
    const int MaxFirstBytes = 256 * 1024;

    byte[] _bytes = [];

    public int Length { get; private set; }

    public int Capacity => _bytes.Length;

    public Span<byte> Bytes => _bytes.AsSpan(0, Length);

    public void Set(ReadOnlySpan<byte> bytes)
    {
        Length = 0;
        Append(bytes);
    }

    /// <summary>Reads the body to its end; false when it is longer than <paramref name="maxBytes"/>.</summary>
    public async ValueTask<bool> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        Length = 0;
        var declared = request.ContentLength ?? 0;
        if (declared > maxBytes)
            return false;
        Reserve((int)Math.Min(declared, MaxFirstBytes));
        var reader = request.BodyReader;
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
                return fits;
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
