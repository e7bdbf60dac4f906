using System.Globalization;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.TextParser<RufusIngest.Readers.TagHeuerProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class TagHeuerTests
{
    const string Status = "[12:34:56 01 02 33 44]";

    const string Guard = "<B07 000777 07:07'07\"777 01 01 1 1518";
    const string Full = "<STA 012345 23:59'58\"999 44 0A 2 1616";
    const string Gun = "<MAN 000000 00:00'00\"000 01 01 1 1506";

    [Theory]
    [Frames<Parser>(Full, Gun, Guard = Guard, End = ">\r\n")]
    [Frames<Parser>(Full, Gun, Guard = Guard, End = ">")]
    [Frames<Parser>(Status, "+++ channel 1 of 2", Guard = Guard + ">", End = "\r\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Theory]
    [InlineData("STA 00025X 00:00'31\"957 01 01 1 ", RejectReason.BadNumber)]
    [InlineData("STA 000255 00:61'31\"957 01 01 1 ", RejectReason.BadTime)]
    public void A_passing_with_a_good_check_is_acknowledged_although_it_cannot_be_read(string body, RejectReason reason)
    {
        ParserRun run = ParserRun.OfWhole<Parser>(
            System.Text.Encoding.ASCII.GetBytes($"<{body}{body.Sum(c => c):D4}>\r\n"));
        Assert.Equal(reason, Assert.Single(run.Rejects).Reason);
        Assert.Equal(ControlKind.AcknowledgementDue, Assert.Single(run.Controls).Kind);
    }

    [Fact]
    public void A_passing_with_all_fields()
    {
        ParserRun run = Run(Full + ">\r\n");
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal("012345 23:59:58.999", Show(read));
        Assert.Equal((44L, 0x41_30_32UL, ReadFlags.NoDate), (read.Number, read.Detail, read.Flags));
        Assert.Equal((ReadKind.Chip, (ushort)1), (read.Kind, read.Point));
        Assert.Equal(["STA"], run.Points.ToList());
        Assert.Equal([(ControlKind.AcknowledgementDue, 0L, Full)], run.Controls);
    }

    [Fact]
    public void The_manual_trigger_is_a_gun()
    {
        ParserRun run = Run(Passing("MAN", "000000", "10:11'12\"130") + ">\r\n");
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal((ReadKind.Gun, " 10:11:12.130", true), (read.Kind, Show(read), read.Chip.IsEmpty));
        Assert.Equal([ControlKind.Gun, ControlKind.AcknowledgementDue], run.Controls.Select(control => control.Kind));
    }

    [Fact]
    public void Hours_count_on_and_a_strange_counter_is_dropped()
    {
        ChipRead read = Assert.Single(Run(Passing("BOX", "000001", "99:59'59\"999", "x1 01 1") + ">").Reads);
        Assert.Equal(new TimeSpan(0, 99, 59, 59, 999).Ticks, read.Time);
        Assert.Equal((ReadFlags.NoDate | ReadFlags.FieldDropped, -1L), (read.Flags, read.Number));
    }

    [Fact]
    public void A_bad_frame_is_a_reject_and_acknowledged_only_if_its_check_is_good()
    {
        string changed = Full.Replace("012345", "012346", StringComparison.Ordinal);
        (string Frame, RejectReason Reason)[] bad =
        [
            (changed, RejectReason.BadCheck), (Full[..33] + "abcd", RejectReason.BadCheck),
            (Full + "0", RejectReason.TooLong), (Full[..36], RejectReason.TooFewFields),
            ("<", RejectReason.TooFewFields),
            (Passing("STA", "01234x", "10:11'12\"130"), RejectReason.BadNumber),
            (Passing("STA", "012345", "10:61'12\"130"), RejectReason.BadTime),
            (Passing("STA", "012345", "10:11'60\"130"), RejectReason.BadTime),
            (Passing("STA", "012345", "1o:11'12\"130"), RejectReason.BadTime),
            (Passing("STA", "012345", "10:11'12.130"), RejectReason.BadTime),
            (Passing("STA", "012345", "10:11'12\"1 0"), RejectReason.BadTime),
            ("noise", RejectReason.UnknownFrame), ("[noise", RejectReason.UnknownFrame),
            ("++noise", RejectReason.UnknownFrame),
        ];
        foreach ((string frame, RejectReason reason) in bad)
        {
            ParserRun run = Run($"{Guard}>\r\n{frame}>\r\n{Guard}>\r\n");
            bool checkIsGood = reason is RejectReason.BadNumber or RejectReason.BadTime;
            Assert.Equal([(reason, checkIsGood ? frame[..^1] : frame)], run.Rejects);
            Assert.Equal(2, run.Reads.Count);
            Assert.Equal(checkIsGood ? 3 : 2, run.Controls.Count);
        }

        // Without its bracket.
        Assert.Equal(RejectReason.BadSyntax, Assert.Single(Run($"{Full}\r\n{Guard}>").Rejects).Reason);
    }

    [Fact]
    public void A_passing_is_found_behind_the_beginning_of_a_broken_one()
    {
        for (int length = 1; length <= Full.Length; length++)
        {
            ParserRun run = Run($"{Full[..length]}{Guard}>\r\n");
            Assert.Equal("000777 07:07:07.777", Show(Assert.Single(run.Reads)));
            Assert.Equal(Full[..length], Assert.Single(run.Rejects).Text);
        }
    }

    [Fact]
    public void Status_and_settings_are_controls_even_right_before_a_passing()
    {
        ParserRun run = Run($"{Status}{Guard}>\r\n{Status}\r\n+++0102\r\n+++x{Guard}>");
        Assert.Equal(
            "Status AcknowledgementDue Status Status Status AcknowledgementDue",
            string.Join(' ', run.Controls.Select(control => control.Kind)));
        Assert.Equal(Status, run.Controls[0].Text);
        Assert.Equal(2, run.Reads.Count);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void The_published_lines()
    {
        byte[] file = Captures.Read("tag-heuer-chronelec", "passings.txt");
        ParserRun run = ParserRun.OfWhole<Parser>(file);
        Assert.Empty(run.Rejects);
        Assert.Equal(
            ["000255 00:00:31.957", "000255 00:01:32.663", "093367 03:45:08.388", "093367 03:45:53.976"],
            run.Reads.Select(Show));
        Assert.Equal(["STA", "BOX", "B01", "B02"], run.Points.ToList());
        Assert.Equal([1L, 1, 44, 74], run.Reads.Select(read => read.Number));
        Assert.Equal(['1', '1', '0', '0'], run.Reads.Select(read => (char)(read.Detail & 0xFF)));
        Assert.All(run.Controls, control => Assert.Equal(ControlKind.AcknowledgementDue, control.Kind));
        Assert.Equal(4, run.Controls.Count);
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(file))
            Assert.Equal(run.Describe(), ParserRun.Of<Parser>(pieces).Describe());
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>(
            [Bytes(Full + ">\r\n"), Bytes(Guard + ">\r\n")], "0123456789<>[]+:'\" \r\n");
        ParserChecks.AllocatesNothing<Parser>(Bytes($"{Full}>\r\n{Status}\r\n{Guard}<{Guard}>bad>\r\n"));
    }

    [Fact]
    public void It_reads_what_was_written()
    {
        Gen<(string Frame, string? Read)> frame = Gen.Select(
            Gen.OneOf("STA", "BOX", "B01", "MAN"), Gen.Int[0, 999_999],
            Gen.TimeSpan[TimeSpan.Zero, new TimeSpan(23, 59, 59)], Gen.Int[0, 99], Gen.Int[-3, 3],
            (channel, chip, time, count, error) =>
        {
            string ofDay = time.ToString(@"hh\:mm\'ss\""fff", CultureInfo.InvariantCulture);
            string text = Passing(channel, $"{chip:000000}", ofDay, $"{count:00} 01 1", error);
            string shown = channel == "MAN" ? "" : $"{chip:000000}";
            return (text, error == 0 ? $"{shown} {time:hh\\:mm\\:ss\\.fff} {count}" : null);
        });
        frame.List[1, 8].Sample(frames =>
        {
            ParserRun run = Run(string.Concat(frames.Select(f => f.Frame + ">\r\n")));
            Assert.Equal(
                frames.Select(f => f.Read).OfType<string>(), run.Reads.Select(read => $"{Show(read)} {read.Number}"));
            Assert.Equal(frames.Count, run.Reads.Count + run.Rejects.Count);
        });
    }

    /// <summary>A passing without its closing bracket, with a check that is right when the error is 0.</summary>
    static string Passing(string channel, string chip, string time, string rest = "01 01 1", int error = 0)
    {
        string text = $"{channel} {chip} {time} {rest} ";
        return $"<{text}{text.Sum(c => c) + error:0000}";
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    static string Show(ChipRead read) => $"{read.Chip} {new TimeSpan(read.Time):hh\\:mm\\:ss\\.fff}";
}
