using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Readers;

/// <summary>What the two drivers promise to every protocol, shown with protocols that tell what they were given.</summary>
public sealed class FramingTests
{
    /// <summary>Takes one word at a time; a word of capitals is a reject, one with digits a read.</summary>
    struct Words : ITextProtocol
    {
        public static ReadOnlySpan<byte> Ends => "\r\n\0$"u8;

        public static int MostBytes => 20;

        public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
        {
            int blank = frame.Text.IndexOf((byte)' ');
            output.Length = blank + 1;
            ReadOnlySpan<byte> word = blank < 0 ? frame.Text : frame.Text[..blank];
            if (word.ContainsAnyInRange((byte)'A', (byte)'Z'))
                return RejectReason.BadSyntax;
            if (word.ContainsAnyInRange((byte)'0', (byte)'9'))
            {
                output.HasRead = true;
                read.Number = frame.IsStart ? 1 : 0;
                return ReadFields.Chip(word, ref read);
            }

            output.Add(frame.IsCutOff ? ControlKind.Unknown : ControlKind.Response, frame.End);
            return RejectReason.None;
        }
    }

    struct Fetches : ITextProtocol
    {
        public static bool EmptyLineEndsFetch => true;

        public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
        {
            output.Add(ControlKind.Response);
            return RejectReason.None;
        }
    }

    /// <summary>Takes one word at a time; the last one goes on behind the line end if it ends with a dash.</summary>
    struct Dashes : ITextProtocol
    {
        public static int MostBytes => 20;

        public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
        {
            output.Length = frame.Text.IndexOf((byte)' ') + 1;
            output.GoesOn = output.Length == 0 && frame.Text[^1] == '-';
            output.Add(ControlKind.Response);
            return RejectReason.None;
        }
    }

    struct Objects : IJsonProtocol
    {
        public static bool TakesLines => true;

        public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
        {
            output.Add(frame.IsObject ? ControlKind.Response : frame.IsCutOff ? ControlKind.Unknown : ControlKind.Greeting);
            return RejectReason.None;
        }
    }

    [Theory]
    [InlineData("7a 8b$9c", "7a+ 8b 9c+")]
    [InlineData("\r\n\0 ok\r$a b\n", "<> <ok 13> <a 10> <b 10>")]
    [InlineData("\u00EF\u00BB\u00BF7a 8b\n\u00EF\u00BB\u00BF\n9 \u00EF\u00BB\u00BF1", "7a+ 8b 9+ \uFEFF1")]
    [InlineData("7 BAD 8\nBAD\n9", "7+ 8 9+ !BAD !BAD")]
    [InlineData("a\nb", "<a 10> <b 0 cut>")]
    [InlineData("123456789012345678901 2\n7\n", "7+ !12345678901234567890")]
    public void A_frame_is_taken_in_parts(string stream, string expected)
    {
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Encoding.Latin1.GetBytes(stream)))
            Assert.Equal(expected, Show(ParserRun.Of<TextParser<Words>>(pieces)));
        Assert.Equal(expected, Show(ParserRun.OfWhole<TextParser<Words>>(Encoding.Latin1.GetBytes(stream), destination: 1)));

        static string Show(ParserRun run) => string.Join(' ', (string[])
        [
            .. run.Reads.Select(read => read.Chip + (read.Number == 1 ? "+" : "")),
            .. run.Controls.Select(c =>
                $"<{c.Text.Trim()}{(c.Text == " " ? "" : $" {c.Number}")}{(c.Kind == ControlKind.Unknown ? " cut" : "")}>"),
            .. run.Rejects.Select(reject => "!" + reject.Text.Trim()),
        ]);
    }

    [Theory]
    [InlineData("a b-\nc\nd", "a |b-\nc|d")]
    [InlineData("a b-\n123456789012345678901234567890\nc\n", "a |c|!b-\n12345678901234567")]
    public void A_frame_of_which_something_was_taken_may_go_on_and_become_too_long(string stream, string expected)
    {
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Encoding.Latin1.GetBytes(stream)))
        {
            ParserRun run = ParserRun.Of<TextParser<Dashes>>(pieces);
            IEnumerable<string> results = run.Controls.Select(c => c.Text).Concat(run.Rejects.Select(r => "!" + r.Text));
            Assert.Equal(expected, string.Join('|', results));
        }
    }

    [Fact]
    public void A_line_that_was_too_long_ends_where_the_next_begins()
    {
        byte[] stream = Encoding.Latin1.GetBytes(new string('x', 4_100) + "\n\na\n\nb\n");
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(stream, mostCuts: 100).Append(
            [stream.AsMemory(0, 4_098), stream.AsMemory(4_098, 2), stream.AsMemory(4_100)]))
        {
            ParserRun run = ParserRun.Of<TextParser<Fetches>>(pieces);
            Assert.Equal(
                ". a . b",
                string.Join(' ', run.Controls.Select(c => c.Kind == ControlKind.EndOfFetch ? "." : c.Text)));
            Assert.Equal(RejectReason.TooLong, Assert.Single(run.Rejects).Reason);
        }
    }

    [Theory]
    [InlineData("a\r\n\r\nb\r\n", "a . b")]
    [InlineData("a\n\nb\n\n\n", "a . b . .")]
    [InlineData("a\r\rb", "a . b")]
    [InlineData("\r\na\r\n", "a")]
    [InlineData("a\0\0b\r\n\0\r\n", "a b .")]
    [InlineData("\r\n\r\na", ". a")]
    public void An_empty_line_ends_a_fetch(string stream, string expected)
    {
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Encoding.Latin1.GetBytes(stream)))
        {
            ParserRun run = ParserRun.Of<TextParser<Fetches>>(pieces);
            Assert.Equal(
                expected,
                string.Join(' ', run.Controls.Select(c => c.Kind == ControlKind.EndOfFetch ? "." : c.Text)));
        }
    }

    [Fact]
    public void Any_mixture_of_line_ends_gives_the_same_as_a_slow_reading()
    {
        Gen.OneOf("a", "b", "\r", "\n", "\r\n", "\0").Array[0, 14].Sample(parts =>
        {
            string stream = string.Concat(parts);
            ParserRun run = ParserRun.Of<TextParser<Fetches>>(Encoding.Latin1.GetBytes(stream).Chunk(1).Select(b => (ReadOnlyMemory<byte>)b));
            string[] lines = stream.Replace("\0", "", StringComparison.Ordinal).Replace("\r\n", "\n", StringComparison.Ordinal)
                .Replace('\r', '\n').Split('\n');
            int empty = lines.Skip(1).SkipLast(1).Count(line => line.Length == 0);
            Assert.Equal(empty, run.Controls.Count(control => control.Kind == ControlKind.EndOfFetch));
        });
    }

    [Theory]
    [InlineData("""{"a":1}{"b":[{}]} , [ {} ]""", "O O O")]
    [InlineData("line one\r\n{}\nline two", "L O C")]
    [InlineData("data: {}\n\ndata: {}", "L O L O")]
    [InlineData("""{"a":}{}""", "O !")]
    [InlineData("\uFEFF{}\0{}", "O O")]
    public void Objects_and_lines_come_from_one_stream(string stream, string expected)
    {
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(Encoding.UTF8.GetBytes(stream)))
        {
            ParserRun run = ParserRun.Of<JsonParser<Objects>>(pieces);
            string controls = string.Join(' ', run.Controls.Select(c =>
                c.Kind == ControlKind.Response ? "O" : c.Kind == ControlKind.Unknown ? "C" : "L"));
            Assert.Equal(expected, controls + (run.Rejects.Count > 0 ? " !" : ""));
        }
    }
}
