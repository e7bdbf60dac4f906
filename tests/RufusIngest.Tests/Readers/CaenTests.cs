using System.Buffers.Binary;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using static RufusIngest.Tests.Readers.Binary;
using Parser = RufusIngest.Readers.Framing.BinaryParser<RufusIngest.Readers.CaenProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class CaenTests
{
    static byte[] Message(int head, int id, params byte[][] attributes)
    {
        byte[] body = [.. attributes.SelectMany(attribute => attribute)];
        int length = body.Length + 10;
        return
        [
            (byte)(head >> 8), (byte)head, (byte)(id >> 8), (byte)id, 0, 0, 0x53, 0x58, (byte)(length >> 8), (byte)length, .. body,
        ];
    }

    static byte[] Attribute(int type, params byte[] value) =>
        [0, 0, (byte)((value.Length + 6) >> 8), (byte)(value.Length + 6), (byte)(type >> 8), (byte)type, .. value];

    static byte[] Stamp(uint microseconds, uint seconds)
    {
        byte[] value = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(value, microseconds);
        BinaryPrimitives.WriteUInt32BigEndian(value.AsSpan(4), seconds);
        return Attribute(0x10, value);
    }

    static byte[] Tag(byte happened, string epc, byte[] stamp) =>
    [
        .. Attribute(0x0E, 0, 0, 0, happened), .. Attribute(0x0F, 0, (byte)(epc.Length / 2)), .. Attribute(0x11, Hex(epc)),
        .. Attribute(0x12, 0, 3), .. stamp, .. Attribute(0x22, [.. "Source_0"u8, 0]),
    ];

    static readonly byte[] Notification =
        Message(0x8001, 7, Attribute(1, 0, 0x13), Tag(2, "E28011606000020A", Stamp(250_000, 1_779_004_862)));

    static readonly byte[] Guard = Message(0x8001, 8, Tag(1, "0A0B0C0D", Stamp(5, 1_779_004_800)));

    sealed class CaenFramesAttribute() : FramesAttribute<Parser>(
        Latin(Notification), Latin(Message(0x8001, 9, Tag(3, "11223344", Stamp(0, 1)), Tag(4, "55667788", Stamp(0, 2)))),
        Latin(Message(0x0001, 3, Attribute(1, 0, 0x13), Attribute(2, 0, 0))), Latin(Message(0x8001, 4, Attribute(1, 0, 0x13))));

    // There is no check: any changed byte may make another message, or another tag.
    [Theory]
    [CaenFrames(Guard = "\x80\x01\0\x08\0\0SX\0\x14\0\0\0\x0A\0\x11\x0A\x0B\x0C\x0D", Noise = "\x02\x03 noise", LengthAt = 0, LengthBytes = 1000)]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void Tags_of_a_notification()
    {
        byte[] two = Message(
            0x8001, 9, Tag(1, "11223344", Stamp(250_000, 1_779_004_862)), Tag(4, "55667788", Stamp(1_779_004_863, 500_000)));
        ParserRun run = ParserRun.OfWhole<Parser>(two);
        Assert.Equal(
            [
                "11223344 2026-05-17 08:01:02.25 d1 p1 ZoneKnown",
                "55667788 2026-05-17 08:01:03.5 d4 p1 ZoneKnown, LastSeen",
            ],
            run.Reads.Select(ReadText.Show));
        Assert.Equal("Source_0", Assert.Single(run.Points.ToList()));
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void Only_the_bytes_that_the_length_names_are_the_tag()
    {
        byte[] padded = Message(0x8001, 1, Attribute(0x0F, 0, 4), Attribute(0x11, [1, 2, 3, 4, .. new byte[60]]));
        Assert.Equal("01020304 1970-01-01 00:00:00 NoTime", ReadText.Show(Assert.Single(ParserRun.OfWhole<Parser>(padded).Reads)));
    }

    [Fact]
    public void An_unknown_attribute_is_not_taken_for_the_read_point()
    {
        byte[] odd = Message(0x8001, 1, Attribute(0), Attribute(0x11, 1, 2, 3, 4), Attribute(0x22, 65), Attribute(0x0E, 0, 0, 0, 4));
        ParserRun run = ParserRun.OfWhole<Parser>(odd);
        Assert.Equal("01020304 1970-01-01 00:00:00 d4 p1 NoTime, LastSeen", ReadText.Show(Assert.Single(run.Reads)));
    }

    [Fact]
    public void A_tag_without_a_code_does_not_take_the_next_one_s()
    {
        byte[] message = Message(0x8001, 1, Attribute(0x11), Stamp(1, 2), Attribute(0x11, 1, 2, 3, 4), Stamp(3, 1_779_004_800));
        ParserRun run = ParserRun.OfWhole<Parser>(message);
        Assert.Equal(RejectReason.NoChip, Assert.Single(run.Rejects).Reason);
        Assert.Equal("01020304 2026-05-17 08:00:00.000003 ZoneKnown", ReadText.Show(Assert.Single(run.Reads)));
    }

    [Fact]
    public void Answers_and_commands_are_controls()
    {
        ParserRun run = ParserRun.OfWhole<Parser>(
            [.. Message(0x0001, 3, Attribute(2, 0, 0)), .. Message(0x8001, 4, Attribute(1, 0, 0x13))]);
        Assert.Equal(
            [(ControlKind.Response, 3L), (ControlKind.Command, 4L)], run.Controls.Select(control => (control.Kind, control.Number)));
    }

    [Fact]
    public void A_stamp_that_is_none_leaves_the_arrival()
    {
        byte[] odd = Message(0x8001, 1, Attribute(0x11, 1, 2, 3, 4), Stamp(2_000_000, 1_779_004_862));
        Assert.Equal(
            ReadFlags.NoTime | ReadFlags.FieldDropped, Assert.Single(ParserRun.OfWhole<Parser>(odd).Reads).Flags);
    }

    [Fact]
    public void Another_vendor_a_bad_length_or_attributes_that_do_not_fill_it_are_rejects()
    {
        byte[] vendor = [.. Notification];
        vendor[7] ^= 1;
        byte[] length = [.. Notification];
        length[9] = 9;
        byte[] attribute = [.. Notification];
        attribute[13] = 5;
        foreach (byte[] bad in (byte[][])[vendor, length, attribute])
        {
            ParserRun run = ParserRun.OfWhole<Parser>([.. Guard, .. bad, .. Guard]);
            Assert.Equal(["0A0B0C0D", "0A0B0C0D"], run.Chips);
            Assert.NotEmpty(run.Rejects);
        }
    }

    [Fact]
    public void Tags_are_read_as_they_were_written() =>
        Gen.Select(Gen.Byte.Array[1, 30], Gen.UInt[0, 999_999], Gen.UInt[1_000_000_000, 4_000_000_000], Gen.Byte[0, 5])
            .Array[1, 6].Sample(tags =>
            {
                byte[] message = Message(
                    0x8001, 1, [.. tags.Select(t => Tag(t.Item4, Convert.ToHexString(t.Item1), Stamp(t.Item2, t.Item3)))]);
                ParserRun run = ParserRun.OfWhole<Parser>(message, destination: 1);
                Assert.Equal(
                    tags.Select(t => $"{Convert.ToHexString(t.Item1)} {((t.Item3 * 1_000_000L) + t.Item2) * 10} {t.Item4}"),
                    run.Reads.Select(read => $"{read.Chip} {read.Time} {read.Detail}"));
            });

    [Fact]
    public void Random_bytes_and_cuts_change_nothing() =>
        ParserChecks.SurvivesRandomBytes<Parser>([Notification, Guard], "\x80\0\x01SX\x0A\x11");

    [Fact]
    public void Nothing_is_allocated() => ParserChecks.AllocatesNothing<Parser>([.. Notification, 0, 1, 2, .. Guard]);
}
