using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Readers;

public sealed class LineScannerTests
{
    /// <summary>Every line is a greeting, so that a run shows the lines.</summary>
    struct LineEcho : IReadParser
    {
        LineScanner _lines;

        public ParseResult Parse(
            ReadOnlySpan<byte> source, bool endOfStream, Span<ChipRead> reads, Span<ControlRecord> controls)
        {
            int position = 0;
            int count = 0;
            while (_lines.TryNext(source, endOfStream, ref position, out int length, limit: 8))
            {
                if (count == controls.Length)
                    return ParseResult.DestinationFull(position, 0, count);
                controls[count++] = new ControlRecord(ControlKind.Greeting, 0, position, length);
                position += length;
            }

            return _lines.Ended(source, position, 0, count);
        }
    }

    [Theory]
    [InlineData("a\nb\n", "a b")]
    [InlineData("a\rb\r", "a b")]
    [InlineData("a\r\nb\r\n", "a b")]
    [InlineData("a\0b\0\0\0c\n", "a b c")]
    [InlineData("\r\n\r\na\n\n\nb\n", "a b")]
    [InlineData("a\nlast", "a last")]
    [InlineData("12345678\n", "12345678")]
    [InlineData("123456789\nb\n", "b !12345678")]
    [InlineData("123456789012345678901234567890\r\nb\n", "b !12345678")]
    [InlineData("123456789012345678901234567890", "!12345678")]
    [InlineData("123456789", "!12345678")]
    [InlineData("1234567890\n1234567890\n", "!12345678 !12345678")]
    [InlineData("", "")]
    [InlineData("\n\r\0", "")]
    public void Lines_are_found_however_the_stream_is_cut(string stream, string expected)
    {
        foreach (var pieces in Splits.Of(Encoding.Latin1.GetBytes(stream)))
            Assert.Equal(expected, Show(ParserRun.Of<LineEcho>(pieces)));
    }

    [Fact]
    public void Any_stream_gives_what_splitting_text_gives()
    {
        Gen.Char["ab\r\n\0"].Array[0, 60].Select(Gen.Int[1, 20]).Sample((chars, size) =>
        {
            string text = new(chars);
            string[] lines = text.Split(['\r', '\n', '\0'], StringSplitOptions.RemoveEmptyEntries);
            IEnumerable<string> expected = lines.Where(l => l.Length <= 8)
                .Concat(lines.Where(l => l.Length > 8).Select(l => "!" + l[..8]));
            IEnumerable<ReadOnlyMemory<byte>> pieces = Encoding.Latin1.GetBytes(text).Chunk(size)
                .Select(piece => new ReadOnlyMemory<byte>(piece));
            Assert.Equal(string.Join(' ', expected), Show(ParserRun.Of<LineEcho>(pieces)));
        }, iter: 3_000);
    }

    [Fact]
    public void A_line_in_many_pieces_is_searched_once()
    {
        byte[] stream = [.. Enumerable.Repeat((byte)'x', 4), (byte)'\n'];
        LineScanner scanner = default;
        int position = 0;
        Assert.False(scanner.TryNext(stream.AsSpan(0, 4), false, ref position, out _));
        // A line end put into the part already searched is not seen: nothing looks there again.
        stream[1] = (byte)'\n';
        Assert.True(scanner.TryNext(stream, false, ref position, out int length));
        Assert.Equal(4, length);
    }

    [Fact]
    public void The_default_limit_is_4_KiB()
    {
        byte[] stream = [.. Enumerable.Repeat((byte)'x', 4096), (byte)'\n', .. Enumerable.Repeat((byte)'x', 4097)];
        LineScanner scanner = default;
        int position = 0;
        Assert.True(scanner.TryNext(stream, true, ref position, out int length));
        Assert.Equal(4096, length);
        position += length;
        Assert.False(scanner.TryNext(stream, true, ref position, out _));
        ParseResult result = scanner.Ended(stream, position, 0, 0);
        Assert.Equal((ParseStatus.Malformed, RejectReason.TooLong), (result.Status, result.Reason));
    }

    static string Show(ParserRun run)
    {
        Assert.All(run.Rejects, reject => Assert.Equal(RejectReason.TooLong, reject.Reason));
        return string.Join(' ', run.Controls.Select(c => c.Text).Concat(run.Rejects.Select(r => "!" + r.Text)));
    }
}
