using System.Globalization;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Benchmarks;

/// <summary>One protocol of each framing, some 64 KiB of good frames to reads, per read, beside the ordinary way.</summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkDotNet.Configs.BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class FramingBenchmarks
{
    const int Reads = 900;
    const int RecordsOfAMessage = 30;

    readonly byte[] _separated = FramingSamples.RaceResult(Reads);
    readonly byte[] _quoted = FramingSamples.Csv(Reads);
    readonly byte[] _message = FramingSamples.Mylaps(Reads, RecordsOfAMessage);
    readonly byte[] _fixed = FramingSamples.TagHeuer(Reads);
    readonly byte[] _json = FramingSamples.R700(Reads);
    readonly ChipRead[] _reads = new ChipRead[ReaderDecoder.BlockSize];
    readonly ControlRecord[] _controls = new ControlRecord[ReaderDecoder.BlockSize];

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory(AllocationGate.Category, "separated line (RACE RESULT)")]
    public int Separated() => Parse(new TextParser<RaceResultProtocol>(), _separated);

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory("separated line (RACE RESULT)")]
    public long SeparatedOrdinary()
    {
        long sum = 0;
        using StreamReader lines = Ordinary.Lines(_separated);
        while (lines.ReadLine() is { } line)
        {
            string[] fields = line[3..].Split(';');
            DateTime time = DateTime.ParseExact(
                $"{fields[2]} {fields[3]}", "yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
            sum += time.Ticks + fields[1].Length + int.Parse(fields[0], CultureInfo.InvariantCulture)
                + int.Parse(fields[5], CultureInfo.InvariantCulture) + int.Parse(fields[6], CultureInfo.InvariantCulture);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory(AllocationGate.Category, "columns, quoted (CSV)")]
    public int Quoted() => Parse(new TextParser<CsvProtocol>(FramingSamples.CsvLayout), _quoted);

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory("columns, quoted (CSV)")]
    public long QuotedOrdinary()
    {
        long sum = 0;
        using StreamReader lines = Ordinary.Lines(_quoted);
        while (lines.ReadLine() is { } line)
        {
            string[] fields = line.Split(',');
            DateTime time = DateTime.ParseExact(
                fields[1].Trim('"'), "yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
            sum += time.Ticks + fields[0].Trim('"').Length + int.Parse(fields[2], CultureInfo.InvariantCulture);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory(AllocationGate.Category, "records in a message (MYLAPS)")]
    public int Message() => Parse(new TextParser<MylapsProtocol>(), _message);

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory("records in a message (MYLAPS)")]
    public long MessageOrdinary()
    {
        long sum = 0;
        foreach (string message in Encoding.ASCII.GetString(_message).Split('$', StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (string record in message.Split('@').Skip(2))
            {
                if (record.Length != 39)
                    continue;
                int check = 0;
                for (int at = 0; at < 37; at++)
                    check += record[at];
                if ((check & 0xFF) != int.Parse(record.AsSpan(37), NumberStyles.HexNumber, CultureInfo.InvariantCulture))
                    continue;
                DateTime time = DateTime.ParseExact(
                    string.Concat(record.AsSpan(31, 6), record.AsSpan(7, 12)), "yyMMddHH:mm:ss.fff", CultureInfo.InvariantCulture);
                sum += time.Ticks + record[..7].Length;
            }
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory(AllocationGate.Category, "fixed places (Tag Heuer)")]
    public int Fixed() => Parse(new TextParser<TagHeuerProtocol>(), _fixed);

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory("fixed places (Tag Heuer)")]
    public long FixedOrdinary()
    {
        long sum = 0;
        using StreamReader lines = Ordinary.Lines(_fixed);
        while (lines.ReadLine() is { } line)
        {
            int check = 0;
            for (int at = 1; at < 33; at++)
                check += line[at];
            if (check != int.Parse(line.Substring(33, 4), CultureInfo.InvariantCulture))
                continue;
            TimeSpan time = TimeSpan.ParseExact(line.Substring(12, 12), "hh':'mm\\'ss'\"'fff", CultureInfo.InvariantCulture);
            sum += time.Ticks + line.Substring(5, 6).Length;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory(AllocationGate.Category, "JSON object (R700)")]
    public int Json() => Parse(new JsonParser<R700Protocol>(), _json);

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory("JSON object (R700)")]
    public long JsonSerializerOrdinary()
    {
        long sum = 0;
        ReadOnlySpan<byte> rest = _json;
        while (rest.IndexOf((byte)'\n') is var end and >= 0)
        {
            R700Event read = JsonSerializer.Deserialize(rest[..end], FramingJson.Default.R700Event)!;
            sum += read.TagInventoryEvent.LastSeenTime.Ticks + read.TagInventoryEvent.EpcHex.Length;
            rest = rest[(end + 1)..];
        }

        return sum;
    }

    int Parse<TParser>(TParser parser, ReadOnlySpan<byte> source)
        where TParser : struct, IReadParser
    {
        int reads = 0;
        ParseResult result;
        do
        {
            result = parser.Parse(source, false, _reads, _controls);
            reads += result.Reads;
            source = source[result.Consumed..];
        }
        while (result.Status == ParseStatus.DestinationFull);
        return reads == Reads ? reads : throw new InvalidDataException($"{reads} of {Reads} reads: {result.Status}.");
    }
}
