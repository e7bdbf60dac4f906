using System.Net;
using System.Text;

namespace RufusIngest.Tests.Support;

/// <summary>A body without a declared length, sent in flushed pieces.</summary>
sealed class PiecesContent(string body, int pieceBytes) : HttpContent
{
    readonly byte[] _bytes = Encoding.UTF8.GetBytes(body);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        for (var at = 0; at < _bytes.Length; at += pieceBytes)
        {
            await stream.WriteAsync(_bytes.AsMemory(at, Math.Min(pieceBytes, _bytes.Length - at)));
            await stream.FlushAsync();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
