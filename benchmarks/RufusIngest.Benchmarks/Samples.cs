using System.Buffers.Text;
using System.Globalization;
using System.Text;
using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Benchmarks;

/// <summary>Seeded data of the shapes that readers send. Every run makes the same bytes.</summary>
static class Samples
{
    /// <summary>Bytes of an IPICO line with its CRLF.</summary>
    public const int IpicoLine = 38;

    /// <summary>Lines that fit into 64 KiB.</summary>
    public const int IpicoReads = 65_536 / IpicoLine;
    public const int UltraReads = 1060;
    public const int CloudBoxReads = 320;

    /// <summary>Detections of a chip each time it passes.</summary>
    public const int HitsPerPassing = 10;

    const int Pack = 20;
    const int ReadsPerSecond = 1500;

    /// <summary>Begin of the race, wall clock.</summary>
    public static DateTime Start { get; } = new(2026, 5, 17, 8, 0, 0, DateTimeKind.Unspecified);

    /// <summary>Text of a chip, 12 hex digits.</summary>
    public static string Chip(int index) => string.Create(CultureInfo.InvariantCulture, $"058001{index:x6}");

    /// <summary>Which chip a read of the race sees: packs of 20 pass together, each seen 10 times in turn.</summary>
    public static int ChipOf(int read, int chips) =>
        ((read / (Pack * HitsPerPassing) * Pack) + (read % Pack)) % chips;

    /// <summary>A race at 1,500 reads a second, in order of time.</summary>
    public static byte[] Ipico(int reads, int chips)
    {
        byte[] bytes = new byte[reads * IpicoLine];
        Random random = new(1);
        byte[][] texts = [.. Enumerable.Range(0, chips).Select(i => Encoding.ASCII.GetBytes(Chip(i)))];
        for (int i = 0; i < reads; i++)
        {
            DateTime time = Start.AddTicks(i * (TimeSpan.TicksPerSecond / ReadsPerSecond));
            Span<byte> line = bytes.AsSpan(i * IpicoLine, IpicoLine);
            "aa01"u8.CopyTo(line);
            texts[ChipOf(i, chips)].CopyTo(line[4..]);
            Write(line[16..], random.Next(65_536), 'x', 4);
            time.TryFormat(line[20..], out _, "yyMMddHHmmss", CultureInfo.InvariantCulture);
            Write(line[32..], time.Millisecond / 10, 'x', 2);
            "\r\n"u8.CopyTo(line[36..]);
        }

        WriteChecks(bytes);
        return bytes;
    }

    /// <summary>Puts the check into each IPICO line.</summary>
    public static void WriteChecks(Span<byte> lines)
    {
        for (int at = 0; at < lines.Length; at += IpicoLine)
        {
            int sum = 0;
            foreach (byte b in lines.Slice(at + 2, 32))
                sum += b;
            Write(lines[(at + 34)..], sum & 0xFF, 'x', 2);
        }
    }

    /// <summary>Lines of an Ultra, 61 bytes or a little less.</summary>
    public static byte[] Ultra()
    {
        Random random = new(2);
        StringBuilder text = new();
        for (int i = 0; i < UltraReads; i++)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"0,{random.Next(10_000, 60_000)},{1_463_299_200 + (i / 500)},{random.Next(1000)},");
            text.Append(
                CultureInfo.InvariantCulture,
                $"{random.Next(1, 5)},{random.Next(-80, -40)},0,{random.Next(1, 3)},12,0000000000000000,0,{100_000 + i}\n");
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>A race at 1,500 reads a second as an Ultra tells it: about 60 bytes a line.</summary>
    public static byte[] UltraRace(int reads, int chips)
    {
        StringBuilder text = new();
        for (int i = 0; i < reads; i++)
        {
            long ms = i * 1000L / ReadsPerSecond;
            text.Append(
                CultureInfo.InvariantCulture,
                $"0,{10_000 + ChipOf(i, chips)},{1_463_299_200 + (ms / 1000)},{ms % 1000},{1 + (i % 4)},-60,0,1,12,");
            text.Append(CultureInfo.InvariantCulture, $"0000000000000000,0,{1_000_000 + i}\n");
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>Compact JSON of a CloudBox, about 200 bytes a frame.</summary>
    public static byte[] CloudBox()
    {
        Random random = new(3);
        StringBuilder text = new();
        for (int i = 0; i < CloudBoxReads; i++)
        {
            DateTime time = Start.AddMilliseconds(random.Next(3_600_000));
            int tag = random.Next(100_000);
            text.Append(
                CultureInfo.InvariantCulture,
                $"{{'epc':'3D2E372D39293A313C{tag:X6}','timestamp':'{time:yyyy-MM-dd;HH:mm:ss.fff}Z',");
            text.Append(
                CultureInfo.InvariantCulture,
                $"'seenCount':{random.Next(1, 9)},'antenna':{random.Next(1, 5)},'rssi':{random.Next(-80, -40)},");
            text.Append(
                CultureInfo.InvariantCulture,
                $"'passingNumber':{i},'tagStr':'MC{tag:d5}','latitude':null,'longitude':null,'chksum':'{tag:x5}'}}\n");
        }

        return Encoding.ASCII.GetBytes(text.Replace('\'', '"').ToString());
    }

    /// <summary>Passings that follow each other, of chips with 4-digit bibs.</summary>
    public static Passing[] Passings(int count)
    {
        long start = Start.Ticks - DateTime.UnixEpoch.Ticks;
        return [.. Enumerable.Range(0, count).Select(i => new Passing
        {
            Chip = ChipCode.FromText(Chip(i)),
            Number = 100_000 + i,
            Session = 1,
            Time = start + (i * 123 * TimeSpan.TicksPerMillisecond),
            BestRssiCentiDbm = ChipRead.NoRssi,
        })];
    }

    public static string Bib(int chip) => (1000 + (chip % 9000)).ToString(CultureInfo.InvariantCulture);

    static void Write(Span<byte> to, int value, char format, byte digits) =>
        _ = Utf8Formatter.TryFormat(value, to, out _, new System.Buffers.StandardFormat(format, digits));
}
