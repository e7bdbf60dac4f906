using System.Globalization;
using CsCheck;
using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Fuzz.Readings.Binary.SlowP3;
using static RufusIngest.Tests.Readers.Binary;
using static RufusIngest.Tests.Readers.ReadText;
using Parser = RufusIngest.Readers.Framing.BinaryParser<RufusIngest.Readers.P3Protocol>;

namespace RufusIngest.Tests.Readers;

public sealed class P3Tests
{
    const string Folder = "p3-amb-short";
    const string SingleRecords = "p3-frames";

    /// <summary>Passing 7 of transponder 7007, decoder 9.</summary>
    const string Guard = "\u008E\u0002\u0027\u0000\u0045\u0069\u0000\u0000\u0001\u0000\u0001\u0004\u0007\u0000"
        + "\u0000\u0000\u0003\u0004\u005F\u001B\u0000\u0000\u0004\u0008\u0000\u0040\u001E\u0018"
        + "\u0024\u000A\u0006\u0000\u0081\u0004\u0009\u0000\u0000\u0000\u008F";

    const ulong Time = 1_700_000_012_345_000; // 2023-11-14 22:13:32.345

    static byte[] Passing(params byte[][] fields) => Record(1, fields.SelectMany(field => field));

    static byte[] Other(int type, params byte[][] fields) => Record(type, fields.SelectMany(field => field));

    static byte[] Amb { get; } = Passing(
        Field(1, 113_700, 4), Field(3, 2_906_199, 4), Field(4, Time, 8), Field(5, 106, 2), Field(6, 50, 2),
        Field(8, 3, 2), Field(0x81, 135_777, 4));

    static byte[] ProChip { get; } = Passing(
        Field(1, 8_857, 4), Field(3, 102_758_186, 4), [0x0A, 8, .. "FL-94891"u8], Field(5, 133, 2), Field(6, 29, 2),
        Field(4, Time + 733, 8), Field(8, 0, 2), Field(0x81, 786_777, 4));

    static byte[] Gps { get; } = Passing(
        Field(0x30, 30, 1), Field(0x10, Time + 1, 8), Field(4, Time + 7_200_000_000, 8), Field(0x13, 9, 2),
        Field(3, 4_711, 4), Field(0x85, 1, 8), Field(0x83, 2, 4), Field(0x31, 21, 2), Field(1, 5, 4));

    static byte[] Beacon { get; } = Passing(Field(1, 6, 4), Field(3, 9_992, 4), Field(4, Time, 8), Field(0x81, 1, 4));

    /// <summary>Every value has to be escaped.</summary>
    static byte[] Escaped { get; } = Passing(
        Field(1, 0x8F8E8D8F, 4), Field(3, 0x8D8E8F, 4), Field(4, 0x0005_1B8D_8E8F_8D8E, 8), Field(5, 0x8E8D, 2),
        Field(6, 0x8F, 2), Field(8, 0x8F8F, 2), Field(0x81, 0x8E8F8D8D, 4));

    static byte[] Noise { get; } = Other(2, Field(1, 40, 2), Field(6, 0, 1), Field(7, 22, 2), Field(0x0C, 118, 1));

    static byte[] Command { get; } = Record(0x24, [1, 0, 4, 0, 5, 0], version: 0, length: 0);

    static IEnumerable<byte[]> All =>
    [
        Amb, ProChip, Gps, Beacon, Escaped, Noise, Command,
        Record(4, [.. Field(1, 157_800, 4), .. Field(2, 157_810, 4)], version: 0),
        Other(0x24, Field(1, Time, 8), Field(4, 0, 2), Field(5, Time - 1, 8)),
        Other(3, Field(1, 0x11, 1), [2, 5, .. "AMBmx"u8], Field(3, 4, 1)), Other(0x18), Other(0x20),
        Other(0x16, Field(0x81, 1, 4)), Other(0xFFFF, Field(1, 1, 2)), Other(0x77, Field(9, 9, 1)),
        Passing(Field(3, 1, 1)), Passing(Field(4, Time, 8), Field(3, 77, 8), [0x0E, 30, .. new byte[30]]),
    ];

    static IEnumerable<string> AllTexts => All.Select(Latin);

    [Theory]
    [Frames<Parser>(From = nameof(AllTexts), Guard = Guard)]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void A_passing_with_all_fields()
    {
        Assert.Equal(
            [
                $"2906199 2023-11-14 22:13:32.345 h50 n113700 d{(135_777L << 32) | 0x3_006A}",
                $"102758186 2023-11-14 22:13:32.345733 h29 n8857 d{(786_777L << 32) | 133}",
                "4711 2023-11-14 22:13:32.345001 n5 ZoneKnown",
                $"9992 2023-11-14 22:13:32.345 n6 d{1L << 32}",
            ],
            Run<Parser>(Amb, ProChip, Gps, Beacon).Reads.Select(Show));
    }

    [Fact]
    public void Escapes_stand_for_the_bytes_that_bound_records()
    {
        Assert.DoesNotContain(Escaped[1..^1], b => b is 0x8E or 0x8F);
        ChipRead read = Assert.Single(Run<Parser>(Escaped).Reads);
        Assert.Equal($"{0x8D8E8F}", read.Chip.ToString());
        Assert.Equal((0x8F8E8D8FL, 0x0005_1B8D_8E8F_8D8EL * 10, 0x8F), (read.Number, read.Time, read.Hits));
        Assert.Equal(0x8E8F8D8D_8F8F8E8DUL, read.Detail);
        // Escapes that are not needed are read too.
        byte[] more = [.. Amb.SelectMany((b, at) => at > 0 && b < 0x60 ? [0x8D, (byte)(b + 0x20)] : (byte[])[b])];
        Assert.Equal("2906199", Assert.Single(Run<Parser>(more).Chips));
    }

    [Fact]
    public void The_code_is_the_chip_where_it_is_wanted_and_told()
    {
        Parser parser = new(P3Protocol.Parse("code"));
        byte[][] frames =
        [
            ProChip, Amb, Passing(Field(3, 5, 4), [0x0A, 8, .. "AB-1 \0\0\0"u8]), Passing([0x0A, 4, .. "CD-2"u8]),
            Passing(Field(3, 6, 4), [0x0A, 8, .. "        "u8]), Passing(Field(3, 7, 4), [0x0A, 3, 1, 2, 3]),
            Passing(Field(3, 8, 4), [0x0A, 31, .. "ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123"u8]),
        ];
        ParserRun run = ParserRun.OfWhole([.. frames.SelectMany(frame => frame)], initial: parser);
        Assert.Equal(["FL-94891", "2906199", "AB-1", "CD-2", "6", "7", "8"], run.Chips);
        Assert.All(run.Reads.Skip(5), read => Assert.True(read.Flags.HasFlag(ReadFlags.FieldDropped)));
        Assert.All(run.Reads.Take(5), read => Assert.False(read.Flags.HasFlag(ReadFlags.FieldDropped)));
        Assert.Throws<FormatException>(() => P3Protocol.Parse("codes"));
        run = ParserRun.OfWhole(ProChip, initial: new Parser(P3Protocol.Parse("")));
        Assert.Equal(["102758186"], run.Chips);
    }

    [Fact]
    public void Fields_come_in_any_number_order_and_length()
    {
        Assert.Equal(
            [
                "258 1970-01-01 00:00:00 NoTime", "1 1970-01-01 00:00:00.0002 ClockNotSet",
                "2 2000-01-01 00:00:00 ClockNotSet", "3 1970-01-01 00:00:00 NoTime, FieldDropped",
                "4 2023-11-14 22:13:32.345", "5 1970-01-01 00:00:00 h2147483647 NoTime, FieldDropped",
                "7 1970-01-01 00:00:00 n2 d9 NoTime", "18446744073709551615 1970-01-01 00:00:00 NoTime",
            ],
            Run<Parser>(
                Passing(Field(3, 258, 3)),
                Passing(Field(3, 1, 4), Field(4, 200, 1)),
                Passing(Field(3, 2, 4), Field(4, 946_684_800_000_000, 7)),
                Passing(Field(3, 3, 4), Field(4, ulong.MaxValue, 8)),
                Passing(Field(3, 4, 4), Field(4, Time, 8), Field(0x10, 0, 8)),
                Passing(
                    Field(3, 5, 4), Field(1, ulong.MaxValue, 8), Field(6, 1UL << 40, 8), Field(5, 65_536, 4),
                    Field(0x81, 1UL << 32, 5)),
                Passing(Field(3, 6, 4), Field(3, 7, 4), Field(1, 1, 4), Field(1, 2, 4), Field(5, 6, 2), Field(5, 9, 2)),
                Passing(Field(3, ulong.MaxValue, 8))).Reads.Select(Show));
    }

    [Fact]
    public void What_is_no_passing_is_a_control()
    {
        long ticks = (long)Time * 10;
        Assert.Equal(
            [
                (ControlKind.Status, 40, 0), (ControlKind.Command, 0x24, 0), (ControlKind.Command, 4, 0),
                (ControlKind.Clock, ticks, 0), (ControlKind.Clock, ticks - 20, 1), (ControlKind.Response, 0x24, 0),
                (ControlKind.KeepAlive, 0x18, 0), (ControlKind.KeepAlive, 0x20, 0), (ControlKind.Response, 3, 0),
                (ControlKind.Response, 6, 0), (ControlKind.Unknown, 0x77, 0), (ControlKind.Status, 0, 0),
            ],
            Controls<Parser>(
                Noise, Command, Record(4, Field(1, 1, 4), version: 0), Other(0x24, Field(1, Time, 8), Field(5, 0, 8)),
                Other(0x24, Field(5, Time - 2, 8), Field(1, Time, 8)), Other(0x24, [1, 0]), Other(0x18), Other(0x20),
                Other(3, Field(1, 0x10, 1)), Other(0xFFFF, Field(1, 6, 2)), Other(0x77, Field(1, 1, 1)), Other(2)));
        foreach (int type in (int[])[0, 4, 5, 0x13, 0x15, 0x16, 0x28, 0x2D, 0x2F, 0x30, 0x45, 0x4A])
            Assert.Equal([(ControlKind.Response, type, 0)], Controls<Parser>(Other(type, Field(0x81, 1, 4))));
    }

    [Fact]
    public void A_CRC_of_zero_is_a_CRC()
    {
        byte[] status = Other(
            2, Field(1, 13_696, 2), Field(7, 21, 2), Field(0x0C, 119, 1), Field(6, 0, 1), Field(0x81, 4_711, 4));
        Assert.Equal((0, 0), (status[4], status[5]));
        Assert.Equal([(ControlKind.Status, 13_696, 0)], Controls<Parser>(status));
        AreRejected<Parser>(Amb, (RejectReason.BadCheck, Record(2, Field(1, 7, 2), crc: 0)));
    }

    [Fact]
    public void Bad_records_are_rejects()
    {
        byte[] lostNul = [.. Amb[..6], .. Amb[7..]];
        byte[] addedLineFeed = [.. Amb[..20], 0x0A, .. Amb[20..]];
        byte[] flipped = [.. Amb[..14], (byte)(Amb[14] ^ 0x40), .. Amb[15..]];
        AreRejected<Parser>(
            Amb,
            (RejectReason.Truncated, lostNul),
            (RejectReason.TooLong, addedLineFeed),
            (RejectReason.BadCheck, flipped),
            (RejectReason.TooFewFields, [0x8E, 0x8F]),
            (RejectReason.TooFewFields, [.. Amb[..9], 0x8F]),
            (RejectReason.BadSyntax, [.. Amb[..^1], 0x8D, 0x8F]),
            (RejectReason.BadSyntax, [0x8E, 0x8D, 0x8F]),
            (RejectReason.TooFewFields, Record(1, [3, 4, 1, 2, 3])),
            (RejectReason.TooFewFields, Record(1, [3])),
            (RejectReason.TooFewFields, Record(2, [1, 2, 3])),
            (RejectReason.NoChip, Passing(Field(1, 5, 4), Field(4, Time, 8))),
            (RejectReason.NoChip, Passing([3, 0])),
            (RejectReason.NoChip, Passing([3, 9, .. new byte[9]])),
            (RejectReason.TooLong, Record(1, Field(3, 1, 4), length: 0)),
            (RejectReason.Truncated, Record(2, Field(1, 1, 2), length: 1_000)),
            (RejectReason.TooLong, Record(0x24, [1, 0], version: 0, length: 3)),
            (RejectReason.Truncated, Amb[..30]),
            (RejectReason.Truncated, [0x8E]),
            (RejectReason.UnknownFrame, [1, 2, 3]),
            (RejectReason.UnknownFrame, Amb[20..]));
    }

    [Fact]
    public void A_record_without_an_end_is_given_up_at_the_limit()
    {
        byte[] endless = [0x8E, .. new byte[P3Protocol.MostBytes - 1]];
        AreRejected<Parser>(Amb, (RejectReason.TooLong, endless), (RejectReason.Truncated, endless[..^1]));
        byte[] unknown = [0x0E, 99, .. new byte[99]];
        byte[] longest = Record(1, [.. Field(3, 1, 4), .. Enumerable.Repeat(unknown, 9).SelectMany(field => field)]);
        Assert.InRange(longest.Length, 900, P3Protocol.MostBytes);
        Assert.Equal("1", Assert.Single(Run<Parser>(longest).Chips));
        ParserRun waiting = ParserRun.OfWhole<Parser>(endless.AsSpan(..^1), endOfStream: false);
        Assert.Equal((endless.Length - 1, 0), (waiting.Unconsumed, waiting.Rejects.Count));
        AnySplitGivesTheSame<Parser>([.. endless, 1, 2, .. Amb]);
    }

    [Fact]
    public void Records_of_a_decoder()
    {
        byte[] file = Captures.Read(Folder, "amb-short.bin");
        ParserRun run = ParserRun.OfWhole<Parser>(file);
        Assert.Empty(run.Rejects);
        Assert.Equal((83, 288), (run.Reads.Count, run.Controls.Count));
        Assert.All(run.Controls, control => Assert.Equal(ControlKind.Status, control.Kind));
        Assert.Equal(
            Enumerable.Range(157_777, 84).Where(number => number != 157_829).Select(number => (long)number),
            run.Reads.Select(read => read.Number));
        Assert.Equal(
            [("3438895", 31), ("5691251", 27), ("3292480", 25)],
            run.Chips.CountBy(chip => chip).Select(pair => (pair.Key, pair.Value)).OrderByDescending(pair => pair.Value));
        Assert.Equal("2019-03-02 16:06:48.933", Show(run.Reads[0]).Split(' ', 2)[1][..23]);
        Assert.Equal((15_515_428_089_330_000, 15_515_484_430_670_000), (run.Reads[0].Time, run.Reads[^1].Time));
        Assert.All(run.Reads, read => Assert.Equal((268_307UL, 0), (read.Detail >> 32, read.Time % 10_000)));
        Assert.Equal(5, SlowFrames.Of(file, LengthAt).Count(record => record.Contains((byte)0x8D)));
        AnySplitGivesTheSame<Parser>(file, mostCuts: 60);
    }

    [Theory]
    [InlineData(Folder, "amb-short")]
    [InlineData(SingleRecords, "good_passing")]
    [InlineData(SingleRecords, "multi")]
    [InlineData(SingleRecords, "need_trimming")]
    [InlineData(SingleRecords, "status")]
    public void Each_record_says_what_its_row_says(string folder, string name)
    {
        string[] lines = File.ReadAllLines(Captures.PathOf(folder, $"{name}.expected.csv"));
        string[] names = lines[0].Split(',');
        ParserRun run = ParserRun.OfWhole<Parser>(Captures.Read(folder, $"{name}.bin"));
        int reads = 0;
        int controls = 0;
        foreach (string line in lines.Skip(1))
        {
            Dictionary<string, string> row = names.Zip(line.Split(',')).ToDictionary();
            if (row["tor"] == "2")
            {
                var (kind, noise, text) = run.Controls[controls++];
                Assert.Equal((ControlKind.Status, row["noise"]), (kind, $"{noise}"));
                Assert.Equal(row["wire_bytes"], $"{text.Length}");
                continue;
            }

            ChipRead read = run.Reads[reads++];
            Assert.Equal(
                $"{row["transponder"]} {row["passing_number"]} {row["rtc_time_us"]}0 {row["hits"]} None",
                $"{read.Chip} {read.Number} {read.Time} {read.Hits} {read.Flags}");
            Assert.Equal(
                $"{row["strength"]} {row["flags"]} {row["decoder_id"]}",
                $"{(ushort)read.Detail} {(ushort)(read.Detail >> 16)} {read.Detail >> 32}");
        }

        Assert.Equal((reads, controls), (run.Reads.Count, run.Controls.Count));
        Assert.Equal(name == "need_trimming" ? [9] : (int[])[], run.Rejects.Select(reject => reject.Text.Length));
        Assert.All(run.Rejects, reject => Assert.Equal(RejectReason.UnknownFrame, reject.Reason));
    }

    [Theory]
    [InlineData("multi.bin", 10)]
    [InlineData("need_trimming.bin", 1)]
    public void Single_records_in_pieces(string file, int reads)
    {
        byte[] bytes = Captures.Read(SingleRecords, file);
        AnySplitGivesTheSame<Parser>(bytes);
        ParserRun run = ParserRun.OfWhole<Parser>(bytes);
        Assert.Equal(reads, run.Reads.Count);
        Assert.Single(run.Reads.Distinct());
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([.. All], "\u008D\u008E\u008F\0\u0001\u0002\u00AD\u00AE\u00AF");
        byte[] stream = [.. All.SelectMany(frame => frame), 1, 2, .. Amb[..20], .. Amb[10..], .. Amb];
        ParserChecks.AllocatesNothing<Parser>(stream);
        ParserChecks.AllocatesNothing(stream, new Parser(P3Protocol.Parse("code")));
    }

    [Fact]
    public void It_reads_what_an_obvious_way_reads()
    {
        Gen<byte> value = Gen.Frequency(
            (3, Gen.Byte), (1, Gen.OneOf((byte)0x8D, (byte)0x8E, (byte)0x8F)), (3, Gen.Const((byte)0)));
        Gen<byte> id = Gen.OneOf<byte>(1, 3, 3, 4, 4, 5, 6, 8, 0x10, 0x81, 0x30);
        Gen<byte[]> number = Gen.Select(
            id, Gen.Frequency((6, Gen.OneOf(1, 2, 4, 7, 8)), (1, Gen.Int[0, 12])), value.Array[12],
            (i, length, bytes) => (byte[])[i, (byte)length, .. bytes[..length]]);
        Gen<byte[]> time = Gen.Select(
            Gen.OneOf<byte>(4, 0x10), Gen.ULong[0, 2_000_000_000_000_000], (i, t) => Field(i, t, 8));
        Gen<byte[]> code = Gen.OneOf("FL-94890", "AB-1\0\0\0", "  x  ", "", "\u0001")
            .Select(text => (byte[])[0x0A, (byte)text.Length, .. Bytes(text)]);
        Gen<byte[]> fields = Gen.Frequency((5, number), (2, time), (1, code), (1, value.Array[0, 3])).Array[0, 8]
            .Select(all => all.SelectMany(field => field).ToArray());
        Gen<byte[]> frame = Gen.Select(
            Gen.Frequency((8, Gen.Const(1)), (1, Gen.Int[0, 0x50])), fields, Gen.OneOf<byte>(2, 2, 2, 2, 2, 2, 0),
            Gen.Frequency((12, Gen.Const(-1)), (1, Gen.Int[0, 90])),
            (type, all, version, length) => Record(type, all, version, length < 0 ? null : length));
        AgreesWith<Parser>(frame, LengthAt, frames => frames.SelectMany(f => ReadsOf(f)));
        AgreesWith(
            frame, LengthAt, frames => frames.SelectMany(f => ReadsOf(f, wantsCode: true)),
            new Parser(P3Protocol.Parse("code")));
    }
}
