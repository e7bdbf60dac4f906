namespace RufusIngest.Simulators;

/// <summary>
/// How a reader's bytes are cut into writes: small ones for the first few thousand frames and now and then later,
/// large ones otherwise, so that a long race does not crawl. An IPICO bridge really sends 2 to 16 bytes at a time.
/// </summary>
internal sealed class SegmentSizes(ReaderProtocol protocol)
{
    private const int OneInSmall = 16;
    private const int LargestSmall = 1_400;
    private const int Largest = 64 * 1024;

    private readonly SplitMix64 _random = new((ulong)protocol + 1);
    private int _smallBytesLeft = protocol == ReaderProtocol.Ipico ? 100_000 : 500_000;

    public int Next()
    {
        if (_smallBytesLeft <= 0 && _random.Next(1, OneInSmall) > 1)
        {
            return _random.Next(LargestSmall + 1, Largest);
        }

        var size = protocol == ReaderProtocol.Ipico ? _random.Next(2, 16) : _random.Next(1, LargestSmall);
        _smallBytesLeft = Math.Max(0, _smallBytesLeft - size);
        return size;
    }
}
