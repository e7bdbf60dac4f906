using RufusIngest.Fuzz.Readings.Binary;
using RufusIngest.Readers;
using static RufusIngest.Tests.Readers.Binary;
using Parser = RufusIngest.Readers.Framing.BinaryParser<RufusIngest.Readers.ClouProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class ClouTests
{
    static byte[] Frame(string hex)
    {
        byte[] body = Hex(hex);
        int crc = SlowFrames.Usual(body, 0x8005, 0);
        return [0xAA, .. body, (byte)(crc >> 8), (byte)crc];
    }

    // No frame of this protocol gives a read, so the kit, which needs one, has nothing to hold on to.
    static readonly byte[][] Frames =
        [Frame("01 11 0008 6987FEF6 000AB599"), Frame("01 12 0004 00000107"), Frame("02 10 0001 00"), Frame("01 00 0000")];

    [Fact]
    public void The_printed_commands_have_the_check_that_is_computed_here()
    {
        Assert.Equal("AA010000009403", Convert.ToHexString(Frame("01 00 0000")));
        Assert.Equal("AA011100009557", Convert.ToHexString(Frame("01 11 0000")));
        Assert.Equal("AA02FF0000A40F", Convert.ToHexString(Frame("02 FF 0000")));
    }

    [Fact]
    public void The_clock_the_connection_check_answers_and_commands_are_controls()
    {
        ParserRun run = ParserRun.OfWhole<Parser>([.. Frames.SelectMany(frame => frame)]);
        Assert.Empty(run.Rejects);
        Assert.Equal(
            [
                (ControlKind.Clock, (new DateTime(2026, 2, 8, 3, 11, 50) - DateTime.UnixEpoch).Ticks + 7_018_490),
                (ControlKind.KeepAlive, 0x107), (ControlKind.Response, 2), (ControlKind.Command, 1),
            ],
            run.Controls.Select(control => (control.Kind, control.Number)));
    }

    [Fact]
    public void A_tag_notification_is_kept_as_a_reject_for_its_layout_is_not_known()
    {
        byte[] tag = Frame("12 00 0010 000C E20000000000000000000042 3000");
        ParserRun run = ParserRun.OfWhole<Parser>([.. Frames[0], .. tag, .. Frames[1]]);
        Assert.Equal([(RejectReason.UnknownFrame, Latin(tag))], run.Rejects);
        Assert.Equal(2, run.Controls.Count);
    }

    [Fact]
    public void Damage_costs_its_own_frame_only()
    {
        byte[] bad = Frame("02 10 0001 00");
        bad[5] ^= 1;
        byte[] tooLong = [0xAA, 1, 1, 0xFF, 0xFF];
        ParserRun run = ParserRun.OfWhole<Parser>([1, 2, .. bad, .. tooLong, .. Frames[1], .. Frames[0][..9]]);
        Assert.Equal(
            [RejectReason.UnknownFrame, RejectReason.BadCheck, RejectReason.TooLong, RejectReason.Truncated],
            run.Rejects.Select(reject => reject.Reason));
        Assert.Equal(ControlKind.KeepAlive, Assert.Single(run.Controls).Kind);
    }

    [Fact]
    public void Random_bytes_and_cuts_change_nothing() => ParserChecks.SurvivesRandomBytes<Parser>(Frames, "\xAA\x01\x12\0\x04");

    [Fact]
    public void Nothing_is_allocated() => ParserChecks.AllocatesNothing<Parser>([.. Frames[0], 7, .. Frames[1], 0xAA, 1]);
}
