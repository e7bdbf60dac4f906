using System.Diagnostics.CodeAnalysis;
using System.Text;
using CsCheck;
using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers;
using RufusIngest.Reads;
using static RufusIngest.Tests.Readers.Llrp.LlrpBytes;

namespace RufusIngest.Tests.Readers.Llrp;

public sealed class LlrpTests
{
    // A report of one tag: an EPC of 96 bits and antenna 3.
    const string Guard = "\u0004\u003D\u0000\u0000\u0000\u001E\u0000\u0000\u0000\u0009"
        + "\u0000\u00F0\u0000\u0014\u008DGUARD\u0000\u0000\u0000\u0000\u0000\u0000\u0001\u0081\u0000\u0003";

    const string Chip = "30AB63AC1F3841EC88046700";
    const ulong Time = 1_773_309_845_120_345; // 2026-03-12 10:04:05.120345
    static readonly byte[] Epc1 = Epc96(Chip);

    /// <summary>Whole messages of every kind, as hex.</summary>
    static readonly string[] Messages =
    [
        // Reports: all standard parameters, Impinj's usual one, 144 bits, Bluebird's without a time, two tags, none.
        "043D 00000043 00000007 00F0 0039 8D 306EDD870775C77926B231A9 89 00000004 8E 0002 8A 0003 81 0005 86 C1 87 0009"
            + "82 00064CD32B3D10D9 84 00064CD32B3E97EF 88 0011",
        "043D 0000002C 4195892F 00F0 0022 8D 30AB63AC1F3841EC88046700 81 0002 86 CD 82 00064CD32B3D10D9 88 0001",
        "043D 00000037 40958941 00F0 002D 00F1 0018 0090 A01FB41F712AC9C37AB79D61817318832400 81 0001 86 EF"
            + "82 00064CD32B3D10D9 88 0001",
        "043D 0000003A 00000000 00F0 0030 00F1 0016 0080 E2801170000002120D056E9B01020304 81 0001 86 C8 8C 4400"
            + "03FF 000E 00005E95 00000038 0102",
        "083D 00000044 00000008 00F0 001D 8D 30AB63AC1F3841EC88046700 81 0001 82 00064CD32B3D10D9 00F0 001D"
            + "8D 30AB63AC1F3841EC88046701 81 0002 83 000000012B3D10D9",
        "043D 00000026 00000009 00F0 001C 03FF 000A 0000 651A 0000 8D 30AB63AC1F3841EC88046702 81",
        "043D 0000000A 3AFB30A8",
        "043D 00000016 3AFB30A9 00F2 0008 8900 0001 03FF 0004",

        // From the reader: event with UTC, with uptime, closing, answers, error, keepalive, version, its request.
        "043F 00000020 3AFB30A7 00F6 0016 0080 000C 00064CD32B3D10D9 0100 0006 0000",
        "043F 0000001F 00000001 00F6 0015 0081 000C 000000002B3D10D9 00FA 0005 5A",
        "043F 0000000E 00000002 00F6 0004",
        "041E 00000012 0000000F 011F 0008 0000 0000",
        "0433 0000001E 00000009 011F 0014 0065 0003 626164 0120 0008 0001 012C 00",
        "0464 00000012 00000021 011F 0008 006E 0000",
        "043E 0000000A 00000003", "0838 0000000C 00000002 0102", "042D 0000000B 00000004 00",
        "07FF 00000017 00000001 0000651A 16 011F 0008 0000 0000",
        "07FF 0000000F 00000001 0000FFFF 16", "07FF 0000000A 00000001", "0784 0000000B 00000001 33",

        // From the host.
        "0401 0000000B 00000002 00", "0403 0000000B 00000003 80", "0415 0000000E 00000007 00000000",
        "0414 00000024 00000008 00B1 001A 00000001 00 00 00B2 0010 00B3 0005 01 00B6 0007 000000",
        "0448 0000000A 0000000A", "07FF 00000013 00000001 0000651A 15 00000000", "07FF 0000000F 00000005 000000A1 03",
    ];

    static IEnumerable<string> Frames => Messages.Select(Latin);

    [Theory]
    [Frames<LlrpParser>(From = nameof(Frames), Guard = Guard, LengthAt = 2)]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void A_tag_with_everything()
    {
        byte[] tag = Tag(
            Custom(Impinj, 57, U16(-5125)), [0x88, 0, 7], Antenna(4), Rssi(-50), Seen(4, Time + 81_000), [0x87, 0, 9],
            Custom(Impinj, 58, [.. U32(48_137_154), .. U32(unchecked((uint)-11_576_124))]),
            Epc1, Seen(2, Time),
            Custom(Impinj, 56, U16(0x0ABC)), Custom(Bluebird, 0x38, U16(0xFEDC)));
        ChipRead read = ReadOf(tag);
        Assert.Equal(
            $"Chip {Chip} t={Time * 10} n=65244 d=abc000900013c68 pos=481371540,-115761240 hits=7 rssi=-5125 ant=4 "
            + $"sub=0 {ReadFlags.HasPosition | ReadFlags.ZoneKnown}",
            ParserRun.Describe(read));
    }

    [Fact]
    public void A_tag_with_nothing_but_an_EPC()
    {
        ChipRead read = ReadOf(Tag(Epc1));
        Assert.Equal(
            $"Chip {Chip} t=0 n=-1 d=0 pos=0,0 hits=1 rssi=-32768 ant=0 sub=0 NoTime", ParserRun.Describe(read));
    }

    [Theory]
    [InlineData(96, "30AB63AC1F3841EC88046700", Chip)]
    [InlineData(128, "30AB63AC1F3841EC8804670011223344", "30AB63AC1F3841EC8804670011223344")]
    [InlineData(8, "A5", "A5")]
    [InlineData(12, "A5CF", "A5C0")]
    [InlineData(1, "FF", "80")]
    [InlineData(16, "A5CF0102", "A5CF")]
    public void An_EPC_of_any_length(int bits, string hex, string chip)
    {
        ChipRead read = ReadOf(Tag(Epc(bits, hex), Antenna(2)));
        Assert.True(ChipCode.TryFromEpc(Hex(chip), bits, out ChipCode expected));
        Assert.Equal((expected, chip, (ushort)2), (read.Chip, read.Chip.ToString(), read.Antenna));
    }

    [Fact]
    public void An_EPC_of_240_bits_is_held_and_one_of_241_is_a_reject_with_its_bytes()
    {
        byte[] held = Tag(Epc(240, string.Concat(Enumerable.Repeat("5A", 30))));
        byte[] longer = Tag(Epc(241, string.Concat(Enumerable.Repeat("5A", 31))));
        byte[] longest = Tag(Epc(496, string.Concat(Enumerable.Repeat("5B", 62))));
        ParserRun run = Run(Report(longer, held, longest, held));
        Assert.Equal(2, run.Reads.Count);
        Assert.Equal([Text(longer), Text(longest)], run.Rejects.Select(reject => reject.Text));
        Assert.All(run.Rejects, reject => Assert.Equal(RejectReason.ChipTooLong, reject.Reason));
    }

    [Theory]
    [InlineData(2, Time, ReadFlags.ZoneKnown)]
    [InlineData(4, Time, ReadFlags.ZoneKnown)]
    [InlineData(3, 5_000_001UL, ReadFlags.SinceStart)]
    [InlineData(5, 0UL, ReadFlags.SinceStart)]
    [InlineData(2, 946_694_475_207_562UL, ReadFlags.ZoneKnown | ReadFlags.ClockNotSet)]
    [InlineData(2, 978_307_199_999_999UL, ReadFlags.ZoneKnown | ReadFlags.ClockNotSet)]
    [InlineData(2, 978_307_200_000_000UL, ReadFlags.ZoneKnown)]
    [InlineData(4, 0UL, ReadFlags.ZoneKnown | ReadFlags.ClockNotSet)]
    [InlineData(2, 253_402_214_399_999_999UL, ReadFlags.ZoneKnown)]
    public void Times_by_their_parameter(int type, ulong microseconds, ReadFlags flags)
    {
        ChipRead read = ReadOf(Tag(Epc1, Seen(type, microseconds)));
        Assert.Equal(((long)microseconds * 10, flags), (read.Time, read.Flags));
    }

    [Theory]
    [InlineData(2, 253_402_214_400_000_000UL)]
    [InlineData(3, ulong.MaxValue)]
    [InlineData(4, 0x8000_0000_0000_0000UL)]
    public void A_time_past_the_year_9999_is_left_out(int type, ulong microseconds)
    {
        ChipRead read = ReadOf(Tag(Epc1, Seen(type, microseconds), Antenna(3)));
        Assert.Equal((0L, ReadFlags.NoTime | ReadFlags.FieldDropped, (ushort)3), (read.Time, read.Flags, read.Antenna));
    }

    [Theory]
    [InlineData(2, 4, 100, 350, 250)]
    [InlineData(3, 5, 100, 350, 250)]
    [InlineData(2, 4, 350, 100, 0)]
    [InlineData(2, 5, 100, 350, 0)]
    [InlineData(3, 4, 100, 350, 0)]
    [InlineData(3, 5, 5, 5_000_000_000, uint.MaxValue)]
    public void The_last_sighting_counts_from_the_first_of_the_same_clock(
        int firstType, int lastType, ulong first, ulong last, ulong between) =>
        Assert.Equal(between, ReadOf(Tag(Epc1, Seen(lastType, last), Seen(firstType, first))).Detail);

    [Fact]
    public void UTC_counts_before_uptime_and_first_before_last()
    {
        Assert.Equal(10, ReadOf(Tag(Epc1, Seen(3, 9), Seen(5, 8), Seen(4, 7), Seen(2, 1))).Time);
        Assert.Equal(70, ReadOf(Tag(Epc1, Seen(3, 9), Seen(5, 8), Seen(4, 7))).Time);
        Assert.Equal(90, ReadOf(Tag(Epc1, Seen(5, 8), Seen(3, 9))).Time);
    }

    [Fact]
    public void Signals_phases_and_positions_of_makers()
    {
        Assert.Equal(-12_800, ReadOf(Tag(Epc1, Rssi(-128))).RssiCentiDbm);
        Assert.Equal(-6712, ReadOf(Tag(Custom(Impinj, 57, U16(-6712)), Epc1, Rssi(-67))).RssiCentiDbm);
        Assert.Equal(-6700, ReadOf(Tag(Custom(Impinj, 57, 0x80, 0), Epc1, Rssi(-67))).RssiCentiDbm);
        Assert.Equal(0x8001UL << 48, ReadOf(Tag(Epc1, Custom(Zebra, 709, 0x80, 1))).Detail);
        Assert.Equal(0x0FFFUL << 48, ReadOf(Tag(Epc1, Custom(Impinj, 56, 0x0F, 0xFF, 3, 255, 0, 4))).Detail);
        Assert.Equal(1, ReadOf(Tag(Epc1, [0x88, 0, 0])).Hits);
    }

    [Fact]
    public void A_makers_value_that_is_short_or_out_of_range_is_left_out()
    {
        byte[][] bad =
        [
            Custom(Impinj, 56, 1), Custom(Impinj, 57), Custom(Zebra, 709), Custom(Bluebird, 0x38, 1),
            Custom(Impinj, 58, U32(1)), Custom(Impinj, 58, [.. U32(90_000_001), .. U32(0)]),
            Custom(Impinj, 58, [.. U32(0), .. U32(unchecked((uint)-180_000_001))]),
        ];
        foreach (byte[] custom in bad)
        {
            const ReadFlags Flags = ReadFlags.NoTime | ReadFlags.FieldDropped;
            Assert.Equal(
                $"Chip {Chip} t=0 n=-1 d=0 pos=0,0 hits=1 rssi=-32768 ant=2 sub=0 {Flags}",
                ParserRun.Describe(ReadOf(Tag(Epc1, custom, Antenna(2)))));
        }
    }

    [Fact]
    public void What_is_not_named_is_passed_over_by_its_length_and_never_searched()
    {
        byte[] inner = Tag(Epc96("FFFFFFFFFFFFFFFFFFFFFFFF"));
        ParserRun run = Run(Report(
            Custom(999, 1, inner), Tlv(600, inner), [0x81, 0, 9],
            Tag(
                Tlv(349, inner, Epc1[..3]), Custom(Impinj, 55, [0, 1, .. inner]), Custom(Zebra, 123, Tlv(241, U16(9))),
                Tlv(1023, [1, 2, 3]), Tlv(5), [0x89, 1, 2, 3, 4], [0x8A, 1, 2], [0x8B, 1, 2], [0x8C, 1, 2],
                [0x8E, 1, 2], [0x8F, 1, 2], [0x90, 1, 2, 3, 4], [0x91, 1, 2], [0x92, 1, 2, 3, 4], [0x93, 1, 2],
                [0x94, 1, 2], Epc1),
            Tlv(242, inner)));
        Assert.Equal(
            $"Chip {Chip} t=0 n=-1 d=0 pos=0,0 hits=1 rssi=-32768 ant=0 sub=0 NoTime",
            ParserRun.Describe(Assert.Single(run.Reads)));
        Assert.Empty(run.Rejects);
        Assert.Empty(run.Controls);
    }

    [Fact]
    public void Reserved_bits_and_unknown_versions_count_for_nothing()
    {
        byte[] tag = Tag(Epc1, Tlv(0x7C00 | 1023, U32(Impinj), U32(57), U16(-4321)), Antenna(1));
        tag[0] |= 0x7C;
        foreach (int version in (int[])[0, 1, 2, 3, 4, 7, 8, 63])
            Assert.Equal(-4321, Assert.Single(Run(Message(61, 5, version, tag)).Reads).RssiCentiDbm);
    }

    [Fact]
    public void What_a_report_leaves_out_is_not_taken_from_the_one_before()
    {
        ParserRun run = Run([.. Report(Tag(Epc1, Antenna(7), Rssi(-50), Seen(2, Time))), .. Report(Tag(Epc1))]);
        Assert.Equal((0, 0L, ChipRead.NoRssi), (run.Reads[1].Antenna, run.Reads[1].Time, run.Reads[1].RssiCentiDbm));
    }

    /// <summary>The tag or parameter, what is wrong with it, and the read that remains.</summary>
    public static TheoryData<string, RejectReason, string> BadTags => new()
    {
        { "no EPC", RejectReason.NoChip, "00F0 0007 81 0001" },
        { "nothing at all", RejectReason.NoChip, "00F0 0004" },
        { "no bits", RejectReason.NoChip, "00F0 000D 00F1 0006 0000 81 0001" },
        { "more bits than bytes", RejectReason.BadNumber, "00F0 000D 00F1 0009 0019 AABBCC" },
        {
            "more bits than bytes after a good EPC", RejectReason.BadNumber,
            "00F0 001A 8D 30AB63AC1F3841EC88046700 00F1 0009 0019 AABBCC"
        },
        { "no bit count", RejectReason.BadNumber, "00F0 0009 00F1 0005 00" },
        { "unknown TV before the EPC", RejectReason.NoChip, "00F0 0012 95 8D 30AB63AC1F3841EC88046700" },
        { "TLV of length 3 before the EPC", RejectReason.BadNumber, "00F0 0015 03FF 0003 8D 30AB63AC1F3841EC88046700" },
        { "TLV of length 0 before the EPC", RejectReason.BadNumber, "00F0 0015 03FF 0000 8D 30AB63AC1F3841EC88046700" },
        {
            "TLV over the tag's end before the EPC", RejectReason.BadNumber,
            "00F0 0015 03FF 0012 8D 30AB63AC1F3841EC88046700"
        },
        { "EPC cut by the tag's end", RejectReason.BadNumber, "00F0 0010 8D 30AB63AC1F3841EC880467" },
    };

    [Theory]
    [MemberData(nameof(BadTags))]
    [SuppressMessage("Usage", "xUnit1026", Justification = "It names the case.")]
    public void A_bad_tag_is_a_reject_and_the_next_one_is_read(string what, RejectReason reason, string tag)
    {
        byte[] bad = Hex(tag);
        ParserRun run = Run([.. Report(Tag(Epc1), bad, Tag(Epc1)), .. Report(Tag(Epc1))]);
        Assert.Equal(3, run.Reads.Count);
        Assert.Equal([(reason, Text(bad))], run.Rejects);
        Assert.Empty(run.Controls);
    }

    [Theory]
    [InlineData("95 0011")] // A TV that is not known.
    [InlineData("80 0011")]
    [InlineData("FF")]
    [InlineData("03FF 0003")]
    [InlineData("03FF 0000 0000651A 00000039 EEEE")]
    [InlineData("03FF 00FF 0000651A 00000039 EEEE")]
    [InlineData("03FF 00")]
    [InlineData("00")]
    [InlineData("82 00064CD32B3D10")]
    [InlineData("86")]
    public void Damage_behind_the_EPC_costs_the_rest_of_the_tag(string damage)
    {
        const ReadFlags Flags = ReadFlags.NoTime | ReadFlags.FieldDropped;
        ParserRun run = Run(Report(
            Tag(Antenna(3), Epc1, Rssi(-40), Hex(damage)), Tag(Epc1, Antenna(4), Seen(2, Time))));
        Assert.Equal(
            [$"Chip {Chip} t=0 n=-1 d=0 pos=0,0 hits=1 rssi=-4000 ant=3 sub=0 {Flags}",
            $"Chip {Chip} t={Time * 10} n=-1 d=0 pos=0,0 hits=1 rssi=-32768 ant=4 sub=0 ZoneKnown"],
            run.Reads.Select(read => ParserRun.Describe(read)));
        Assert.Empty(run.Rejects);
    }

    [Theory]
    [InlineData("00F0 0003 8D 30AB63AC1F3841EC88046700", RejectReason.BadNumber)]
    [InlineData("00F0 0000 8D 30AB63AC1F3841EC88046700", RejectReason.BadNumber)]
    [InlineData("00F0 0012 8D 30AB63AC1F3841EC88046700", RejectReason.BadNumber)]
    [InlineData("00F0 00", RejectReason.BadNumber)]
    [InlineData("8D 30AB", RejectReason.BadNumber)]
    [InlineData("95 00F0 0011 8D 30AB63AC1F3841EC88046700", RejectReason.UnknownFrame)]
    public void Damage_between_tags_costs_the_rest_of_the_message(string damage, RejectReason reason)
    {
        byte[] good = Report(Tag(Epc1));
        ParserRun run = Run([.. Report(Tag(Epc1), Hex(damage)), .. good]);
        Assert.Equal(2, run.Reads.Count);
        Assert.Equal([(reason, Text(Hex(damage)))], run.Rejects);
        Assert.Equal((reason, Text(Hex(damage))), Assert.Single(Run([.. Report(Hex(damage)), .. good]).Rejects));
    }

    [Theory]
    [InlineData("043D 00000000 00000001")]
    [InlineData("043D 00000009 00000001")]
    [InlineData("043D 00400001 00000001")]
    [InlineData("043E FFFFFFFF 00000001")]
    [InlineData("07FF 7FFFFFFF 00000001")]
    public void Behind_a_length_that_cannot_be_nothing_is_read(string header)
    {
        byte[] good = Report(Tag(Epc1));
        byte[] lost = [.. Enumerable.Repeat(good, 300).SelectMany(message => message)];
        byte[] stream = [.. good, .. Hex(header), .. lost];
        ParserRun run = Run(stream);
        Assert.Single(run.Reads);
        Assert.Equal((RejectReason.FramingLost, Text(Hex(header))), run.Rejects[0]);
        Assert.All(run.Rejects.Skip(1), reject => Assert.Equal(RejectReason.UnknownFrame, reject.Reason));
        Assert.All(run.Rejects.Skip(1).SkipLast(1), reject => Assert.Equal(LlrpParser.LostPiece, reject.Text.Length));
        Assert.Equal(Text(lost), string.Concat(run.Rejects.Skip(1).Select(reject => reject.Text)));
        Assert.Equal(run.Describe(), ParserRun.Of<LlrpParser>(Pieces(stream, 37)).Describe());
    }

    [Fact]
    public void A_header_cut_by_the_end_is_lost_framing_only_when_its_length_is_there()
    {
        Assert.Equal(RejectReason.FramingLost, Assert.Single(Run(Hex("043D 00000009")).Rejects).Reason);
        Assert.Equal(RejectReason.Truncated, Assert.Single(Run(Hex("043D 000000")).Rejects).Reason);
        Assert.Equal(RejectReason.Truncated, Assert.Single(Run(Hex("043E 0000000A 00")).Rejects).Reason);
    }

    [Fact]
    public void A_decoder_reads_again_after_a_new_connection()
    {
        ReaderDecoder decoder = ReaderDecoder.For<LlrpParser>();
        Assert.Equal(0, Feed(decoder, [Hex("043D 00000000 00000001")]));
        Assert.Equal(0, Feed(decoder, [Report(Tag(Epc1))]));
        decoder.Reset();
        Assert.Equal(1, Feed(decoder, [Report(Tag(Epc1))]));
        Assert.Equal(1, decoder.RejectsOf(RejectReason.FramingLost));
    }

    [Fact]
    public void A_report_cut_by_the_end_gives_its_whole_tags()
    {
        byte[] tag = Tag(Epc1, Antenna(2));
        byte[] report = Report(tag, tag, tag);
        for (int length = 1; length < report.Length; length++)
        {
            ParserRun run = ParserRun.OfWhole<LlrpParser>(report.AsSpan(0, length), destination: 1);
            int whole = Math.Max(0, (length - 10) / tag.Length);
            int rest = whole == 0 ? length : (length - 10) % tag.Length;
            Assert.Equal(whole, run.Reads.Count);
            Assert.Equal(
                rest == 0 ? [] : [(RejectReason.Truncated, Text(report[(length - rest)..length]))], run.Rejects);
            Assert.Empty(run.Controls);
        }
    }

    [Fact]
    public void Messages_without_tags_are_controls()
    {
        Assert.Equal((ControlKind.Status, 77L, 61), ControlOf(Report()));
        Assert.Equal((ControlKind.Status, 77L, 61), ControlOf(Report(Tlv(242, [1, 2]), Custom(1, 2))));
        Assert.Equal((ControlKind.KeepAlive, 77L, 62), ControlOf(Message(62)));
        foreach (int type in (int[])[4, 11, 12, 13, 30, 31, 32, 33, 34, 35, 36, 50, 51, 52, 53, 54, 56, 57, 100])
            Assert.Equal((ControlKind.Response, 77L, type), ControlOf(Message(type, [1, 2, 3])));
        int[] commands = [1, 2, 3, 14, 20, 21, 22, 23, 24, 25, 26, 40, 41, 42, 43, 44, 46, 47, 55, 60, 64, 72];
        foreach (int type in commands)
            Assert.Equal((ControlKind.Command, 77L, type), ControlOf(Message(type, [0])));
        Assert.Equal((ControlKind.Status, 77L, 45), ControlOf(Message(45, [0])));
        foreach (int type in (int[])[0, 5, 15, 37, 99, 255])
            Assert.Equal((ControlKind.Unknown, type, type), ControlOf(Message(type, [0])));
        foreach (int type in (int[])[256, 900, 1022])
            Assert.Equal((ControlKind.Unknown, type, 255), ControlOf(Message(type)));
    }

    [Theory]
    [InlineData(Impinj, 21, ControlKind.Command)]
    [InlineData(Impinj, 22, ControlKind.Response)]
    [InlineData(Impinj, 23, ControlKind.Command)]
    [InlineData(Impinj, 24, ControlKind.Response)]
    [InlineData(Zebra, 2, ControlKind.Command)]
    [InlineData(Zebra, 3, ControlKind.Command)]
    [InlineData(Zebra, 4, ControlKind.Response)]
    [InlineData(Zebra, 5, ControlKind.Status)]
    [InlineData(Zebra, 21, ControlKind.Unknown)]
    [InlineData(Bluebird, 21, ControlKind.Unknown)]
    public void Makers_messages_are_told_by_vendor_and_subtype(uint vendor, byte subtype, ControlKind kind) =>
        Assert.Equal(
            (kind, kind == ControlKind.Unknown ? 1023L : 77L, 255),
            ControlOf(Message(1023, U32(vendor), [subtype, 0, 9])));

    [Theory]
    [InlineData("0080 000C 00064CD32B3D10D9 0100 0006 0000", "Greeting 256 63", "Clock 17733197074966650 0")]
    [InlineData("0080 000C 00064CD32B3D10D9 0100 0006 0002", "Status 256 63", "Clock 17733197074966650 0")]
    [InlineData("0101 0004 0081 000C 0000000000000101", "Status 257 63", "Clock 2570 1")]
    [InlineData("0081 000C FFFFFFFFFFFFFFFF 00FB 0004", "Status 251 63", "Clock 0 1")]
    [InlineData("0080 0005 01 00FA 0005 5A 00FB 0004", "Status 250 63", "Clock 0 0")]
    [InlineData("81 0001 00F9 000D 00 00000001 00000000", "Status 249 63", null)]
    [InlineData("03FF 000C 0000651A 00000629", "Status 1023 63", null)]
    [InlineData("0100 0004", "Status 256 63", null)]
    [InlineData("", "Status 0 63", null)]
    public void Events_are_a_status_and_a_clock(string parameters, string status, string? clock)
    {
        foreach (byte[] body in (byte[][])[[], Custom(1, 1), Tlv(246, Hex("0102 0004"))])
        {
            byte[] message = Message(63, Tlv(246, Hex(parameters)), body);
            Assert.Empty(Run(message).Rejects);
            Assert.Equal(clock is null ? [status] : [status, clock], Controls(message));
        }
    }

    [Theory]
    [InlineData("00F6 0014 0080 000C 00064CD32B3D10D9 0100 0003", "0100 0003", RejectReason.BadNumber)]
    [InlineData("00F6 0014 0080 000C 00064CD32B3D10D9 0100 0005 0100 0004", "0100 0005", RejectReason.BadNumber)]
    [InlineData("00F6 0012 0080 000C 00064CD32B3D10D9 FF 00", "FF 00", RejectReason.UnknownFrame)]
    [InlineData("00F6 0003", "00F6 0003", RejectReason.BadNumber)]
    [InlineData("00F6 0014 0080", "00F6 0014 0080", RejectReason.BadNumber)]
    public void A_damaged_event_is_a_status_and_a_reject(string body, string rest, RejectReason reason)
    {
        byte[] message = Message(63, Hex(body));
        ParserRun run = Run([.. message, .. Report(Tag(Epc1))]);
        Assert.Equal((reason, Text(Hex(rest))), Assert.Single(run.Rejects));
        Assert.Equal((ControlKind.Status, 0L, Text(message)), run.Controls[0]);
        Assert.Equal(body.Contains("0080 000C", StringComparison.Ordinal) ? 2 : 1, run.Controls.Count);
        Assert.Single(run.Reads);
    }

    [Fact]
    public void A_report_of_more_than_a_megabyte_comes_through_in_segments()
    {
        byte[] report = Report(
            [.. Enumerable.Range(0, 40_000).Select(i => Tag(Epc1, Antenna(i), Seen(2, Time), Rssi(-50)))]);
        Assert.InRange(report.Length, 1_200_000, LlrpMessage.MaxLength);
        ReaderDecoder decoder = ReaderDecoder.For<LlrpParser>();
        Assert.Equal(80_001, Feed(decoder, Pieces((byte[])[.. report, .. Report(Tag(Epc1)), .. report], 1460)));
        Assert.Equal((2L * report.Length) + 27, decoder.Position);
    }

    /// <summary>Each is a step of its own: what is left of the message must not be moved at each of them.</summary>
    [Fact]
    public void A_message_of_the_greatest_length_may_be_all_rejects()
    {
        byte[] report = Report([.. Enumerable.Repeat(Tag(), (LlrpMessage.MaxLength - 10) / 4)]);
        ReaderDecoder decoder = ReaderDecoder.For<LlrpParser>();
        Assert.Equal(1, Feed(decoder, Pieces((byte[])[.. report, .. Report(Tag(Epc1))], 65_536)));
        Assert.Equal((LlrpMessage.MaxLength - 10) / 4, decoder.RejectsOf(RejectReason.NoChip));
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        byte[][] frames = [.. Messages.Select(Hex)];
        string longer = string.Concat(Enumerable.Repeat("5A", 32));
        byte[] bad = Report(Tag(), Tag(Epc1, [0x95, 1]), Tag(Epc(250, longer)), [0x80]);
        ParserChecks.SurvivesRandomBytes<LlrpParser>(
            [.. frames, bad], "\u0000\u0004\u000A\u001E=?\u00F0\u00F1\u008D\u0081\u0003\u00FF");
        byte[] stream = [.. frames.SelectMany(frame => frame), .. bad, .. bad, .. new byte[30]];
        ParserChecks.AllocatesNothing<LlrpParser>(stream);
    }

    [Fact]
    public void It_reads_what_a_tree_of_objects_says() => LlrpGen.Stream.Sample(
        messages =>
        {
            byte[] stream = [.. messages.SelectMany(message => message)];
            string expected = string.Join('\n', messages.Select(SlowLlrp.Read).SelectMany(Describe).Order());
            Assert.Equal(expected, Join(ParserRun.OfWhole<LlrpParser>(stream)));
            Assert.Equal(expected, Join(ParserRun.Of<LlrpParser>(Pieces(stream, 23), destination: 1)));
        },
        iter: 3_000);

    static string Join(ParserRun run)
    {
        IEnumerable<string> rejects = run.Rejects
            .Select(reject => $"{reject.Reason} {Convert.ToHexString(Encoding.Latin1.GetBytes(reject.Text))}");
        return string.Join('\n', run.Reads.Select(read => ParserRun.Describe(read)).Concat(rejects).Order());
    }

    static IEnumerable<string> Describe(SlowLlrp.Answer answer) => answer.Reads.Select(read => ParserRun.Describe(read))
        .Concat(answer.Rejects.Select(reject => $"{reject.Reason} {Convert.ToHexString(reject.Bytes)}"));

    static ChipRead ReadOf(byte[] tag)
    {
        ParserRun run = Run(Report(tag));
        Assert.Empty(run.Rejects);
        return Assert.Single(run.Reads);
    }

    /// <summary>The one control of a message that gives nothing else, which points at all of it.</summary>
    static (ControlKind Kind, long Number, int Variant) ControlOf(byte[] message)
    {
        ControlRecord[] controls = new ControlRecord[2];
        ParseResult result = new LlrpParser().Parse(message, true, new ChipRead[1], controls);
        Assert.Equal((ParseStatus.Done, 0, 1), (result.Status, result.Reads, result.Controls));
        Assert.Equal((0, message.Length), (controls[0].Offset, controls[0].Length));
        return (controls[0].Kind, controls[0].Number, controls[0].Variant);
    }

    static IEnumerable<string> Controls(byte[] message)
    {
        ControlRecord[] controls = new ControlRecord[2];
        ParseResult result = new LlrpParser().Parse(message, true, new ChipRead[1], controls);
        return controls.Take(result.Controls).Select(c => $"{c.Kind} {c.Number} {c.Variant}");
    }

    static long Feed(ReaderDecoder decoder, IEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        long reads = 0;
        foreach (ReadOnlyMemory<byte> piece in pieces)
        {
            int offset = 0;
            bool more;
            do
            {
                more = decoder.Step(piece.Span, ref offset, false, out _);
                reads += decoder.Reads.Length;
            }
            while (more);
        }

        return reads;
    }

    static IEnumerable<ReadOnlyMemory<byte>> Pieces(ReadOnlyMemory<byte> stream, int length)
    {
        for (int at = 0; at < stream.Length; at += length)
            yield return stream.Slice(at, Math.Min(length, stream.Length - at));
    }

    static ParserRun Run(byte[] stream) => ParserRun.OfWhole<LlrpParser>(stream);

    static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);
}
