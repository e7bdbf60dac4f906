using BenchmarkDotNet.Attributes;
using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Benchmarks;

/// <summary>64 KiB of good frames to reads, per read.</summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkDotNet.Configs.BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class ParseBenchmarks
{
    readonly byte[] _ipico = Samples.Ipico(Samples.IpicoReads, 5000);
    readonly byte[] _ultra = Samples.Ultra();
    readonly byte[] _cloudBox = Samples.CloudBox();
    readonly ChipRead[] _reads = new ChipRead[ReaderDecoder.BlockSize];
    readonly ControlRecord[] _controls = new ControlRecord[ReaderDecoder.BlockSize];

    [Benchmark(OperationsPerInvoke = Samples.IpicoReads)]
    [BenchmarkCategory(AllocationGate.Category, "IPICO")]
    public int Ipico() => Parse<IpicoParser>(_ipico, Samples.IpicoReads);

    [Benchmark(OperationsPerInvoke = Samples.IpicoReads)]
    [BenchmarkCategory("IPICO")]
    public long IpicoOrdinary()
    {
        long sum = 0;
        using StreamReader lines = Ordinary.Lines(_ipico);
        while (lines.ReadLine() is { } line)
            sum += Ordinary.Ipico(line)!.Time.Ticks;
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Samples.UltraReads)]
    [BenchmarkCategory(AllocationGate.Category, "Ultra")]
    public int Ultra() => Parse<UltraParser>(_ultra, Samples.UltraReads);

    [Benchmark(OperationsPerInvoke = Samples.UltraReads)]
    [BenchmarkCategory("Ultra")]
    public long UltraOrdinary()
    {
        long sum = 0;
        using StreamReader lines = Ordinary.Lines(_ultra);
        while (lines.ReadLine() is { } line)
            sum += Ordinary.Ultra(line)!.Time.Ticks;
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Samples.CloudBoxReads)]
    [BenchmarkCategory(AllocationGate.Category, "CloudBox")]
    public int CloudBox() => Parse<CloudBoxParser>(_cloudBox, Samples.CloudBoxReads);

    [Benchmark(OperationsPerInvoke = Samples.CloudBoxReads)]
    [BenchmarkCategory("CloudBox")]
    public long CloudBoxJsonSerializer()
    {
        long sum = 0;
        ReadOnlySpan<byte> rest = _cloudBox;
        while (rest.IndexOf((byte)'\n') is var end and >= 0)
        {
            sum += Ordinary.CloudBoxObject(rest[..end]);
            rest = rest[(end + 1)..];
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Samples.CloudBoxReads)]
    [BenchmarkCategory("CloudBox")]
    public long CloudBoxUtf8JsonReader()
    {
        long sum = 0;
        ReadOnlySpan<byte> rest = _cloudBox;
        while (rest.IndexOf((byte)'\n') is var end and >= 0)
        {
            sum += Ordinary.CloudBoxTokens(rest[..end]);
            rest = rest[(end + 1)..];
        }

        return sum;
    }

    int Parse<TParser>(ReadOnlySpan<byte> source, int expected)
        where TParser : struct, IReadParser
    {
        TParser parser = default;
        int reads = 0;
        ParseResult result;
        do
        {
            result = parser.Parse(source, false, _reads, _controls);
            reads += result.Reads;
            source = source[result.Consumed..];
        }
        while (result.Status == ParseStatus.DestinationFull);
        return reads == expected
            ? reads
            : throw new InvalidDataException($"{reads} of {expected} reads: {result.Status}.");
    }
}
