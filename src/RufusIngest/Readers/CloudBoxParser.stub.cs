using RufusIngest.Reads;
namespace RufusIngest.Readers;
/// <summary>Stub.</summary>
public struct CloudBoxParser : IReadParser
{
    /// <inheritdoc/>
    public ParseResult Parse(ReadOnlySpan<byte> source, bool endOfStream, Span<ChipRead> reads, Span<ControlRecord> controls) => ParseResult.Done(source.Length, 0, 0);
}
