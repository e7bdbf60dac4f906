using System.Text;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Tests.Readers.CloudBoxSamples;

namespace RufusIngest.Tests.Readers;

public sealed class CloudBoxHostileInputTests
{
    [Fact]
    public void A_frame_cut_at_any_length_is_kept_for_later_and_invents_nothing()
    {
        foreach (string sample in new[] { Compact, Indented, """{"command":"X","result":{"a":[{"b":"}\"{"}]}}""" })
        {
            string before = Frame("A0") + "\n";
            for (int length = 1; length < sample.Length; length++)
            {
                byte[] stream = Bytes(before + sample[..length]);
                ParserRun run = ParserRun.OfWhole<CloudBoxParser>(stream, endOfStream: false);
                Assert.Equal(["A0"], run.Chips);
                Assert.Empty(run.Controls);
                Assert.Empty(run.Rejects);
                Assert.Equal(length, run.Unconsumed);

                run = ParserRun.OfWhole<CloudBoxParser>(stream);
                Assert.Equal(["A0"], run.Chips);
                Assert.Equal(RejectReason.Truncated, Assert.Single(run.Rejects).Reason);
            }
        }
    }

    /// <summary>
    /// A changed quote turns strings inside out, a changed last brace opens the frame to the next one, and both carry
    /// the scanner into that next frame. It is found again when the search goes back to the brace behind the given-up
    /// one, so no flip of one byte costs more than its own frame.
    /// </summary>
    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    [InlineData(",")]
    public void A_changed_byte_costs_no_frame_but_its_own(string between)
    {
        byte[] middle = Bytes(CompactFromBackup);
        byte[] before = Bytes(Frame("A1") + between);
        byte[] after = Bytes(between + Frame("C3") + between + Frame("D4"));
        byte[] stream = [.. before, .. middle, .. after];
        IEnumerable<byte> singleBits = Enumerable.Range(0, 8).Select(n => (byte)(1 << n));
        foreach (byte value in (byte[])[.. "\"\\{}[]:,\n\0 x1"u8, 0xFF, .. singleBits])
        {
            for (int at = 0; at < middle.Length; at++)
            {
                foreach (byte changed in new[] { value, (byte)(middle[at] ^ value) })
                {
                    middle.CopyTo(stream, before.Length);
                    stream[before.Length + at] = changed;
                    ParserRun run = ParserRun.OfWhole<CloudBoxParser>(stream);
                    string[] chips = [.. run.Chips];
                    Assert.InRange(chips.Length, 3, 4);
                    Assert.Equal(["A1", "C3", "D4"], [chips[0], chips[^2], chips[^1]]);
                    int lost = 4 - chips.Length - run.Rejects.Count - run.Controls.Count;
                    Assert.True(lost <= 0, "a frame may not disappear without a word");
                }
            }
        }
    }

    [Fact]
    public void A_changed_byte_gives_the_same_however_it_is_fed()
    {
        byte[] middle = Bytes(Minimal);
        byte[] stream = [.. Bytes(Frame("A1")), .. middle, .. Bytes(Frame("C3") + "\n" + Frame("D4"))];
        int start = Frame("A1").Length;
        foreach (byte value in "\"\\{}[:\n\x01"u8.ToArray())
        {
            for (int at = 0; at < middle.Length; at++)
            {
                byte[] flipped = [.. stream];
                flipped[start + at] = value;
                AssertSplitsAgree(flipped, 40);
            }
        }
    }

    [Fact]
    public void Random_bytes_give_the_same_however_they_are_fed_and_never_throw()
    {
        Random random = new(20240917);
        string[] tokens =
        [
            "{", "}", "{", "}", "[", "]", "\"", "\"", ":", ",", "\\", "\n", " ", "\0", "\uFEFF", "x", "-1.5",
            "null", "\\u00", "\"timestamp\":", "\"tagStr\":\"A\"", "\"2024-09-17;14:34:23\"", Frame("B2"),
            "{\"command\":1}", "{\"a\":[",
        ];
        for (int round = 0; round < 400; round++)
        {
            MemoryStream stream = new();
            int parts = random.Next(1, 60);
            for (int part = 0; part < parts; part++)
            {
                if (random.Next(8) == 0)
                    stream.WriteByte((byte)random.Next(256));
                else
                    stream.Write(Bytes(tokens[random.Next(tokens.Length)]));
            }

            AssertSplitsAgree(stream.ToArray(), 30);
        }
    }

    [Fact]
    public void Braces_that_never_close_cost_no_more_than_a_few_looks_each()
    {
        // Every unit opens what the string before it hides; the test is that this ends at all.
        string[] units = ["{", "{\"a\":", "{\":", "{\"{\":0,", "{\"x\":[", "{\"\\", "\"{\\\"", "{\"a\":{},"];
        foreach (string unit in units)
        {
            byte[] stream = Bytes(string.Concat(Enumerable.Repeat(unit, 200_000 / unit.Length)) + "\n" + Frame("A1"));
            ParserRun run = ParserRun.OfWhole<CloudBoxParser>(stream);
            Assert.Equal("A1", run.Chips.LastOrDefault());
        }
    }

    [Fact]
    public void Frames_in_every_framing_come_out_in_order()
    {
        Random random = new(7);
        string[] between = ["", "\n", "\r\n", ",", " ", "\0", "[", "]\r\n", "\uFEFF", "\n\n\t"];
        const string Answer = """{"command":"START","result":{"x":"}{"}}""";
        string[] kinds = [Compact, Indented, IndentedFromBackup, Minimal, Answer, "{}"];
        for (int round = 0; round < 100; round++)
        {
            StringBuilder stream = new();
            int reads = 0;
            int controls = 0;
            for (int n = random.Next(1, 12); n > 0; n--)
            {
                int kind = random.Next(kinds.Length);
                reads += kind < 4 ? 1 : 0;
                controls += kind < 4 ? 0 : 1;
                stream.Append(between[random.Next(between.Length)]).Append(kinds[kind]);
            }

            ParserRun run = AssertSplitsAgree(Bytes(stream.ToString()), 50);
            Assert.Equal((reads, controls, 0), (run.Reads.Count, run.Controls.Count, run.Rejects.Count));
        }
    }

    [Fact]
    public void Parsing_allocates_nothing()
    {
        byte[] stream = Bytes(string.Concat(Enumerable.Repeat(
            Compact + "\r\n" + IndentedFromBackup + "{\"command\":\"X\",\"result\":{}}garbage\n{\"epc\":\"3D\n"
            + """{"timestamp":"2024-09-17\u003b14:34:23Z","tag\u0053tr":"\u0041\u00e91","rssi":"-5\u0038"}"""
            + "{bad}", 20)));
        ChipRead[] reads = new ChipRead[16];
        ControlRecord[] controls = new ControlRecord[4];
        for (int warm = 0; warm < 300; warm++)
            ParseAll(stream, reads, controls);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int count = ParseAll(stream, reads, controls);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(60, count);
        Assert.Equal(0, allocated);
    }

    /// <summary>In pieces of 100 bytes, so that both the short way and the scanner are gone.</summary>
    static int ParseAll(ReadOnlySpan<byte> stream, ChipRead[] reads, ControlRecord[] controls)
    {
        CloudBoxParser parser = default;
        int count = 0;
        int at = 0;
        for (int end = Math.Min(100, stream.Length); ; end = Math.Min(end + 100, stream.Length))
        {
            bool last = end == stream.Length;
            ParseResult result;
            do
            {
                result = parser.Parse(stream[at..end], last, reads, controls);
                at += result.Consumed;
                count += result.Reads;
            }
            while (result.Status is ParseStatus.Malformed or ParseStatus.DestinationFull);
            if (last)
                return count;
        }
    }

    static ParserRun AssertSplitsAgree(byte[] stream, int cuts)
    {
        ParserRun whole = ParserRun.OfWhole<CloudBoxParser>(stream);
        string expected = whole.Describe();
        foreach (var pieces in Splits.Of(stream, cuts))
            Assert.Equal(expected, ParserRun.Of<CloudBoxParser>(pieces).Describe());
        return whole;
    }
}
