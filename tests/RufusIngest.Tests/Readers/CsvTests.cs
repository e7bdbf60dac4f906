using System.Globalization;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.TextParser<RufusIngest.Readers.CsvProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class CsvTests
{
    const string Guard = "G,2026-05-17 08:00:00";

    [Theory]
    [Frames<Parser>(
        "1234,2026-05-17 08:00:00.123", "\"12\"\"34\",08:00:00.5", " 1234 ,\t 2026/05/17 08:00:00", "AB,2026-05-17T08:00:00Z",
        "AB,Sun May 17 08:00:00.139089  2026-05-17", "AB,2026-05-17 08:00:00,more,,fields,", Guard = Guard, End = "\r\n",
        Preamble = "Chip,Time\r\n", ShowsCuts = false)]
    [Frames<Parser>("1234,2026-05-17 08:00:00.123", Guard = Guard, End = "\n", Preamble = "x\n", ShowsCuts = false)]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Theory]
    [InlineData("chip,time", "A7,08:01:02.5", "A7 08:01:02.500 NoDate")]
    [InlineData("chip;time", "A7;8:01:02,25", "A7 08:01:02.250 NoDate")]
    [InlineData(@"chip\ttime\treader\tantenna", "A7\t2026-05-17 08:01:02\t3\t4", "A7 2026-05-17 08:01:02.000 None ant=4 sub=3")]
    [InlineData("-,chip,time", "\"1\",\"0077\",\"12:00:00.001\"", "0077 12:00:00.001 NoDate")]
    [InlineData("chip,time-dmy", "A7,03/12/2026 08:01:02", "A7 2026-12-03 08:01:02.000 None")]
    [InlineData("chip,time-mdy", "A7,03/12/2026 08:01:02", "A7 2026-03-12 08:01:02.000 None")]
    [InlineData("date,chip,time", "2026-05-17,A7,08:01:02.5", "A7 2026-05-17 08:01:02.500 None")]
    [InlineData("time|date-dmy|chip", "08:01:02.5|17.05.2026|A7", "A7 2026-05-17 08:01:02.500 None")]
    [InlineData("date-mdy,time,chip", "05/17/2026,08:01:02.5,A7", "A7 2026-05-17 08:01:02.500 None")]
    [InlineData("date,time,chip", ",08:01:02.5,A7", "A7 08:01:02.500 NoDate")]
    [InlineData("date,time,chip", "2020-01-01,2026-05-17 08:01:02.5,A7", "A7 2026-05-17 08:01:02.500 None")]
    [InlineData("unix,chip", "1779004862,A7", "A7 2026-05-17 08:01:02.000 ZoneKnown")]
    [InlineData("unix,chip", "1779004862.25,A7", "A7 2026-05-17 08:01:02.250 ZoneKnown")]
    [InlineData("unix,chip", "1779004862123,A7", "A7 2026-05-17 08:01:02.123 ZoneKnown")]
    [InlineData("unix,chip", "1779004862123456,A7", "A7 2026-05-17 08:01:02.123 ZoneKnown")]
    [InlineData("days;chip", "46159,5;A7", "A7 2026-05-17 12:00:00.000 None")]
    [InlineData("days,chip", "0.25,A7", "A7 06:00:00.000 NoDate")]
    [InlineData("days,chip", "0.458333333333333,A7", "A7 11:00:00.000 NoDate")]
    [InlineData("days,chip", "46159.3340509259,A7", "A7 2026-05-17 08:01:02.000 None")]
    [InlineData("days,chip", "46159.3340509606,A7", "A7 2026-05-17 08:01:02.003 None")]
    [InlineData("chip,time", "A7,2026-05-17T08:01:02.5+02:00", "A7 2026-05-17 06:01:02.500 ZoneKnown")]
    [InlineData("chip,time", "A7,Sun May 17 08:01:02 CEST 2026", "A7 2026-05-17 08:01:02.000 None")]
    [InlineData("chip,time,number,hits,rssi,point", "A7,08:00:00,12,3,-60.5,Finish", "A7 08:00:00.000 NoDate n=12 hits=3 rssi=-6050 point")]
    [InlineData("chip;time;rssi", "A7;08:00:00;-60,5", "A7 08:00:00.000 NoDate rssi=-6050")]
    [InlineData("chip,time,number,hits,rssi", "A7,08:00:00,x,0,loud", "A7 08:00:00.000 NoDate, FieldDropped")]
    public void Columns_are_what_the_operator_says(string columns, string row, string expected) =>
        Assert.Equal(expected, Show(Assert.Single(Run(columns, row + "\r\n").Reads)));

    [Theory]
    [InlineData("chip,time", "A7", RejectReason.TooFewFields)]
    [InlineData("chip,time", ",08:00:00", RejectReason.NoChip)]
    [InlineData("chip,time", "A7,", RejectReason.BadTime)]
    [InlineData("chip,time", "A7,25:00:00", RejectReason.BadTime)]
    [InlineData("chip,time-dmy", "A7,12/13/2026 08:00:00", RejectReason.BadTime)]
    [InlineData("chip,time-mdy", "A7,13/12/2026 08:00:00", RejectReason.BadTime)]
    [InlineData("chip,time,date", "A7,08:00:00,17 May", RejectReason.BadTime)]
    [InlineData("unix,chip", "x,A7", RejectReason.BadTime)]
    [InlineData("unix,chip", "-5,A7", RejectReason.BadTime)]
    [InlineData("days,chip", "3000000,A7", RejectReason.BadTime)]
    public void A_bad_row_is_a_reject(string columns, string row, RejectReason reason)
    {
        ParserRun run = Run(columns, $"header\n{row}\n");
        Assert.Empty(run.Reads);
        Assert.Equal([(reason, row)], run.Rejects);
    }

    [Fact]
    public void Only_the_first_row_may_be_a_header()
    {
        ParserRun run = Run("chip,time", "\uFEFFChip,Time\nA,08:00:00\nChip,Time\nB,08:00:01");
        Assert.Equal(["A", "B"], run.Chips);
        Assert.Equal(ControlKind.Status, Assert.Single(run.Controls).Kind);
        Assert.Equal(RejectReason.BadTime, Assert.Single(run.Rejects).Reason);
        Assert.Equal(["A", "B"], Run("chip,time", "\uFEFF\"A\",08:00:00\rB,08:00:01").Chips);
    }

    [Theory]
    [InlineData("chip,time", ",08:00:00", RejectReason.NoChip)]
    [InlineData("chip,time", "1234567890123456789012345678901,08:00:00", RejectReason.ChipTooLong)]
    [InlineData("date,chip,time", "17 May,A,08:00:00", RejectReason.BadTime)]
    public void A_first_row_with_a_time_is_no_header(string columns, string row, RejectReason reason)
    {
        ParserRun run = Run(columns, row + "\n");
        Assert.Equal((reason, row), Assert.Single(run.Rejects));
        Assert.Empty(run.Controls);
    }

    [Theory]
    [InlineData("chip,time", "What the transponder of the participant says,Time")]
    [InlineData("chip,time", ",Time")]
    [InlineData("date,point,time,chip", "Date,Point,Time,Chip")]
    public void A_header_may_say_anything_but_a_time(string columns, string row)
    {
        ParserRun run = Run(columns, row + "\n");
        Assert.Equal(ControlKind.Status, Assert.Single(run.Controls).Kind);
        Assert.Empty(run.Points.ToList());
    }

    [Fact]
    public void A_quote_that_is_not_closed_is_a_character() =>
        Assert.Equal(["\"A"], Run("chip,time", "\"A,08:00:00\n").Chips);

    [Fact]
    public void Names_of_points_are_told() =>
        Assert.Equal(["Start", "Finish, left"], Run("chip,time,point", "A,08:00:00,Start\nA,08:00:01,\"Finish, left\"\n").Points.ToList());

    [Theory]
    [InlineData("chip", "exactly one column must be a time")]
    [InlineData("time", "exactly one column must be 'chip'")]
    [InlineData("chip,chip,time", "exactly one column must be 'chip'")]
    [InlineData("chip,time,unix", "exactly one column must be a time")]
    [InlineData("chip,time,date,date-dmy", "at most one column can be a date")]
    [InlineData("chip,time,weight", "there is no column 'weight'; there are: -, chip, time,")]
    [InlineData("-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,-,chip,time", "there are 25 columns; 24 is the most")]
    public void Columns_that_make_no_sense_are_explained(string columns, string problem)
    {
        FormatException fault = Assert.Throws<FormatException>(() => ReaderProtocol.Find("csv:" + columns));
        Assert.StartsWith($"Protocol 'csv:{columns}': ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(problem, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Logs_of_bridges()
    {
        ParserRun log = Run("chip,time", Captures.Read("impinj-speedway-connect", "crossmgr-log-first-12.csv"));
        Assert.Equal(12, log.Reads.Count);
        Assert.Equal("20200201FC000004 2020-02-01 14:11:29.139 None", Show(log.Reads[0]));
        Assert.Equal("20200201FC000004 2020-02-01 14:11:59.852 None", Show(log.Reads[^1]));
        Assert.Equal(390_890, log.Reads[0].Time % TimeSpan.TicksPerSecond - 1_000_000);
        Assert.Single(log.Reads, read => read.Chip.ToString().Length == 24);
        Assert.Empty(log.Rejects);

        ParserRun variant = Run("chip,time", Captures.Read("impinj-speedway-connect", "crossmgr-log-variant.csv"));
        Assert.Equal(["AAABBB 2016-09-11 09:15:34.305 None", "AAADDD 2016-10-11 23:15:34.305 None"], variant.Reads.Select(Show));
        Assert.Empty(variant.Rejects);
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>([Bytes(Guard + "\r\n")], "0123,,\"\" :-\t\r\n");
        ParserChecks.AllocatesNothing<Parser>(
            Bytes("h\r\nA7,1779004862123,\"1\"\"2\",x\r\nbad\r\n"), new Parser(CsvProtocol.Parse("chip,unix,point,hits")));
    }

    [Fact]
    public void It_reads_what_Split_and_Parse_read()
    {
        Gen<string> chip = Gen.OneOf("1", "0077", "E2801160600002054CC5A1B2", "", "a;b\"c");
        Gen<DateTime> time = Gen.DateTime[new DateTime(2001, 1, 1), new DateTime(2030, 1, 1)];
        Gen.Select(chip, time, Gen.Int[0, 9], Gen.Bool, (c, t, form, quoted) => (c, t, form, quoted)).List[1, 6].Sample(rows =>
        {
            string file = "header\n" + string.Concat(rows.Select(row =>
                $"{(row.quoted ? Quoted(row.c) : row.c.Replace(";b\"", "", StringComparison.Ordinal))};{Format(row.t, row.form)};\n"));
            ParserRun run = Run("chip;time", file);
            IEnumerable<string> expected = rows.Where(row => row.c.Length > 0 && row.form < 8).Select(row =>
                $"{(row.quoted ? row.c : row.c.Replace(";b\"", "", StringComparison.Ordinal))} {row.t:yyyy-MM-dd HH:mm:ss.fff} None");
            Assert.Equal(expected, run.Reads.Select(Show));
            Assert.Equal(rows.Count, run.Reads.Count + run.Rejects.Count);
        });

        static string Quoted(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        static string Format(DateTime time, int form) => time.ToString(
            form switch
            {
                < 3 => "yyyy-MM-dd HH:mm:ss.fff",
                < 5 => "yyyy/MM/dd HH:mm:ss,fff",
                < 7 => "yyyy-MM-dd'T'HH:mm:ss.fffffff",
                7 => "'Mon Jan 'dd HH:mm:ss.fff'  'yyyy-MM-dd",
                8 => "'noon'",
                _ => "dd-MM-yyyy HH:mm:ss.fff",
            },
            CultureInfo.InvariantCulture);
    }

    static ParserRun Run(string columns, string text) => Run(columns, Encoding.UTF8.GetBytes(text));

    static ParserRun Run(string columns, byte[] file)
    {
        Parser initial = new(CsvProtocol.Parse(columns));
        ParserRun run = ParserRun.OfWhole(file, initial: initial);
        Assert.Equal(
            run.Describe(), ParserRun.Of(file.Chunk(7).Select(chunk => (ReadOnlyMemory<byte>)chunk), initial: initial).Describe());
        return run;
    }

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    static string Show(ChipRead read)
    {
        string time = DateTime.UnixEpoch.AddTicks(read.Time).ToString(
            read.Flags.HasFlag(ReadFlags.NoDate) ? "HH:mm:ss.fff" : "yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
        return $"{read.Chip} {time} {read.Flags}"
            + (read.Number >= 0 ? $" n={read.Number}" : "") + (read.Hits > 1 ? $" hits={read.Hits}" : "")
            + (read.RssiCentiDbm == ChipRead.NoRssi ? "" : $" rssi={read.RssiCentiDbm}")
            + (read.Antenna > 0 ? $" ant={read.Antenna}" : "") + (read.SubReader > 0 ? $" sub={read.SubReader}" : "")
            + (read.Point > 0 ? " point" : "");
    }
}
