using CsCheck;
using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using static RufusIngest.Tests.Readers.Binary;
using Parser = RufusIngest.Readers.Framing.BinaryParser<RufusIngest.Tests.Readers.BinaryParserTests.Tiny>;

namespace RufusIngest.Tests.Readers;

public sealed class BinaryParserTests
{
    /// <summary><c>S</c>, how many chips, the chips (a byte each), the low byte of the sum of all before it.</summary>
    internal struct Tiny : IBinaryProtocol
    {
        public const int Most = 60;

        public static int FindStart(ReadOnlySpan<byte> bytes) => bytes.IndexOf((byte)'S');

        public static int Measure(ReadOnlySpan<byte> front, bool endOfStream, out RejectReason reason)
        {
            reason = front.Length < 2 ? RejectReason.None
                : front[1] == 0 ? RejectReason.UnknownFrame
                : front[1] > Most ? RejectReason.TooLong
                : RejectReason.None;
            return front.Length < 2 ? 0 : front[1] + 3;
        }

        public static bool Check(ReadOnlySpan<byte> frame) => (byte)Checksum.Sum(frame[..^1]) == frame[^1];

        public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
        {
            int at = frame.IsStart ? 2 : 0;
            output.Length = at + 2 < frame.Text.Length ? at + 1 : 0;
            output.HasRead = true;
            return ReadFields.Chip(frame.Text.Slice(at, 1), ref read);
        }
    }

    static byte[] Good(string chips)
    {
        byte[] bytes = FromLatin($"S{(char)chips.Length}{chips}");
        return [.. bytes, (byte)bytes.Sum(b => b)];
    }

    static byte[] Bad(string chips)
    {
        byte[] bytes = Good(chips);
        bytes[^1]++;
        return bytes;
    }

    [Theory]
    [InlineData("noise")]
    [InlineData("n")]
    [InlineData("\0")]
    public void Noise_costs_only_itself(string noise)
    {
        ParserRun run = Run<Parser>(FromLatin(noise), Good("a"), FromLatin(noise), Good("bc"), FromLatin(noise));
        Assert.Equal(["a", "b", "c"], run.Chips);
        Assert.Equal(Enumerable.Repeat((RejectReason.UnknownFrame, noise), 3), run.Rejects);
    }

    /// <summary>So that an arrival that stands in for the time is right.</summary>
    [Fact]
    public void Behind_noise_nothing_holds_back_a_good_frame()
    {
        // The front of a frame of 255 bytes, then a whole one; later ones wait for what their fronts say.
        byte[] good = [0xA0, 0x0A, 0x01, 0x89, 0, 0, 0x11, 0, 0, 0, 5, 0xB6];
        byte[] noise = [0xA0, 0xFD, 1, 2];
        ParserRun run = ParserRun.OfWhole<RufusIngest.Readers.Framing.BinaryParser<R2000Protocol>>(
            [.. noise, .. good], endOfStream: false);
        Assert.Single(run.Controls);
        Assert.Equal(RejectReason.Truncated, Assert.Single(run.Rejects).Reason);
        run = ParserRun.OfWhole<RufusIngest.Readers.Framing.BinaryParser<R2000Protocol>>(
            [.. good, .. noise, .. good], endOfStream: false);
        Assert.Single(run.Controls);
    }

    [Fact]
    public void Noise_waits_for_the_next_start_up_to_a_limit()
    {
        ParserRun run = ParserRun.OfWhole<Parser>(FromLatin("noise"), endOfStream: false);
        Assert.Equal((5, 0), (run.Unconsumed, run.Rejects.Count));

        run = Run<Parser>(FromLatin(new string('n', 3_000)), Good("a"));
        Assert.Equal([1024, 1024, 952], run.Rejects.Select(reject => reject.Text.Length));
        Assert.Equal(["a"], run.Chips);

        run = ParserRun.OfWhole<Parser>(FromLatin(new string('n', 1_030)), endOfStream: false);
        Assert.Equal((6, 1), (run.Unconsumed, run.Rejects.Count));
        AnySplitGivesTheSame<Parser>(FromLatin(new string('n', 2_500)));
    }

    [Fact]
    public void A_start_that_begins_no_frame_is_noise_up_to_the_next()
    {
        ParserRun run = Run<Parser>(FromLatin("S\0x"), Good("a"), FromLatin($"S{(char)61}yy"), Good("b"));
        Assert.Equal([(RejectReason.UnknownFrame, "S\0x"), (RejectReason.TooLong, $"S{(char)61}yy")], run.Rejects);
        Assert.Equal(["a", "b"], run.Chips);
    }

    [Fact]
    public void A_long_length_right_behind_a_good_frame_holds_others_back_but_costs_none()
    {
        byte[] front = Good("z");
        byte[] stream = [.. front, .. FromLatin($"S{(char)40}x"), .. Good("a"), .. Good("bc")];
        ParserRun waiting = ParserRun.OfWhole<Parser>(stream, endOfStream: false);
        Assert.Equal((stream.Length - front.Length, 0), (waiting.Unconsumed, waiting.Rejects.Count));
        Assert.Equal(["z"], waiting.Chips);

        ParserRun ended = ParserRun.OfWhole<Parser>(stream);
        Assert.Equal([(RejectReason.Truncated, $"S{(char)40}x")], ended.Rejects);
        Assert.Equal(["z", "a", "b", "c"], ended.Chips);

        byte[] many = [.. stream, .. Enumerable.Repeat(Good("d"), 10).SelectMany(frame => frame)];
        ParserRun run = ParserRun.OfWhole<Parser>(many, endOfStream: false);
        Assert.Equal([(RejectReason.BadCheck, $"S{(char)40}x")], run.Rejects);
        Assert.Equal((14, 0), (run.Reads.Count, run.Unconsumed));
    }

    [Fact]
    public void At_the_beginning_and_behind_a_reject_the_frame_that_ends_first_counts()
    {
        byte[] stream = [.. FromLatin($"S{(char)40}x"), .. Good("a"), .. Good("bc")];
        ParserRun run = ParserRun.OfWhole<Parser>(stream, endOfStream: false);
        Assert.Equal([(RejectReason.Truncated, $"S{(char)40}x")], run.Rejects);
        Assert.Equal(["a", "b", "c"], run.Chips);
        Assert.Equal(0, run.Unconsumed);

        run = ParserRun.OfWhole<Parser>([.. Good("z"), .. FromLatin("?"), .. stream], endOfStream: false);
        Assert.Equal(["z", "a", "b", "c"], run.Chips);
        AnySplitGivesTheSame<Parser>([.. stream, .. Good(Latin(Good("inner")))]);
    }

    [Fact]
    public void A_good_frame_that_begins_in_a_bad_one_and_ends_behind_it_is_found()
    {
        byte[] outer = FromLatin($"S{(char)5}ab");
        ParserRun run = Run<Parser>(outer, Good("xyz"), Good("d"));
        Assert.Equal([(RejectReason.BadCheck, Latin(outer))], run.Rejects);
        Assert.Equal(["x", "y", "z", "d"], run.Chips);
        AnySplitGivesTheSame<Parser>([.. outer, .. Good("xyz"), .. Good("d")]);

        // Before the inner one is whole nothing can be said.
        byte[] part = [.. outer, .. Good("xyz")[..^1]];
        ParserRun waiting = ParserRun.OfWhole<Parser>(part, endOfStream: false);
        Assert.Equal((part.Length, 0), (waiting.Unconsumed, waiting.Rejects.Count));
        ParserRun ended = ParserRun.OfWhole<Parser>(part);
        Assert.Equal(
            [(RejectReason.BadCheck, Latin(part[..8])), (RejectReason.UnknownFrame, Latin(part[8..]))],
            ended.Rejects);
    }

    [Fact]
    public void Of_two_that_begin_in_and_behind_a_bad_frame_the_one_that_ends_first_counts()
    {
        // The second front's frame is good and long; behind the first frame's end begins a short one inside it.
        byte[] inner = Good(Latin([.. "abcdef"u8, .. Good("x"), .. "ghijkl"u8]));
        byte[] stream = [.. FromLatin($"S{(char)3}"), .. inner, .. Good("z")];
        Assert.Equal(["x", "z"], ParserRun.OfWhole<Parser>(stream).Chips);
        AnySplitGivesTheSame<Parser>(stream);
    }

    [Fact]
    public void A_frame_inside_a_good_one_is_no_frame()
    {
        byte[] inner = Good(new string('x', 32));
        ParserRun run = Run<Parser>(Good("y"), Good(Latin(inner)));
        Assert.Equal("y" + Latin(inner), string.Concat(run.Chips));
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void Two_bad_frames_are_two_rejects()
    {
        ParserRun run = Run<Parser>(Bad("ab"), Bad("cd"), Good("e"), Bad("fg"));
        Assert.Equal(
            [
                (RejectReason.BadCheck, Latin(Bad("ab"))), (RejectReason.BadCheck, Latin(Bad("cd"))),
                (RejectReason.BadCheck, Latin(Bad("fg"))),
            ],
            run.Rejects);
        Assert.Equal(["e"], run.Chips);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_frame_that_the_stream_ends_in_is_cut_off(int length)
    {
        byte[] part = Good("abc")[..length];
        ParserRun run = Run<Parser>(Good("x"), part);
        Assert.Equal([(RejectReason.Truncated, Latin(part))], run.Rejects);
        Assert.Equal(["x"], run.Chips);
    }

    [Fact]
    public void Frames_of_many_reads_fit_into_room_for_one()
    {
        byte[] stream = [.. Good("abcdefg"), .. Good("h"), .. Bad("x"), .. Good("ij")];
        ParserRun run = ParserRun.OfWhole<Parser>(stream, destination: 1);
        Assert.Equal("abcdefghij", string.Concat(run.Chips));
        Assert.Single(run.Rejects);
    }

    [Fact]
    public void A_bad_record_costs_no_other_of_its_frame()
    {
        byte[] frame = Good("a\u0002b\u0003");
        ParserRun run = ParserRun.OfWhole<Parser>([.. frame, .. Good("c")], destination: 1);
        Assert.Equal(["a", "b", "c"], run.Chips);
        Assert.Equal(
            [(RejectReason.BadSyntax, "\u0002"), (RejectReason.BadSyntax, Latin(frame[^2..]))], run.Rejects);
    }

    [Fact]
    public void It_finds_the_frames_that_a_scan_from_every_byte_finds()
    {
        // Few values, so that starts, short lengths and fitting checks come about everywhere.
        Gen<byte> any = Gen.OneOf<byte>((byte)'S', (byte)'S', 1, 2, 3, 9, (byte)'a', 0xA6, 0xFD);
        Gen<byte[]> frame = any.Array[1, 12].Select(chips => Good(Latin(chips)));
        Streams(Gen.Frequency((2, frame), (1, any.Array[1, 20]))).Sample(
            (stream, sizes) =>
            {
                List<byte[]> frames = SlowFrames.Of(stream, LengthAt);
                ParserRun run = ParserRun.Of<BinaryParser<Raw>>(Pieces(stream, sizes), destination: sizes[0] % 3 + 1);
                Assert.Equal(frames.Select(Latin), run.Controls.Select(control => control.Text));
                Assert.Equal(
                    stream.Length - frames.Sum(good => good.Length), run.Rejects.Sum(reject => reject.Text.Length));
            },
            iter: 20_000);
    }

    static int LengthAt(byte[] stream, int at) =>
        stream[at] == 'S' && at + 1 < stream.Length && stream[at + 1] is > 0 and <= Tiny.Most
        && SlowFrames.At(stream, at, stream[at + 1] + 3) is { } frame
        && (byte)frame[..^1].Sum(b => b) == frame[^1] ? frame.Length : 0;

    /// <summary>The same frames, each as one control.</summary>
    struct Raw : IBinaryProtocol
    {
        public static int FindStart(ReadOnlySpan<byte> bytes) => Tiny.FindStart(bytes);

        public static int Measure(ReadOnlySpan<byte> front, bool endOfStream, out RejectReason reason) =>
            Tiny.Measure(front, endOfStream, out reason);

        public static bool Check(ReadOnlySpan<byte> frame) => Tiny.Check(frame);

        public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
        {
            output.Add(ControlKind.Response);
            return RejectReason.None;
        }
    }
}
