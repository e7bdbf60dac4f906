using BenchmarkDotNet.Attributes;
using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Benchmarks;

/// <summary>Reports of LLRP to reads, per tag, beside a tree of objects.</summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkDotNet.Configs.BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class LlrpBenchmarks
{
    const string UsualStream = "LLRP a: one tag a message, 44 B";
    const string FiftyStream = "LLRP b: 50 tags a message";
    const string MakersStream = "LLRP c: maker's parameters, 89 B";
    const string LongStream = "LLRP d: EPC of 128 bits, 53 B";

    readonly byte[] _usual = LlrpSamples.Stream(LlrpSamples.Shape.Usual, 1, 44);
    readonly byte[] _fifty = LlrpSamples.Stream(LlrpSamples.Shape.Usual, 50, 10 + (50 * 34));
    readonly byte[] _makers = LlrpSamples.Stream(LlrpSamples.Shape.Makers, 1, 89);
    readonly byte[] _long = LlrpSamples.Stream(LlrpSamples.Shape.LongEpc, 1, 53);
    readonly ChipRead[] _reads = new ChipRead[ReaderDecoder.BlockSize];
    readonly ControlRecord[] _controls = new ControlRecord[ReaderDecoder.BlockSize];

    [Benchmark(OperationsPerInvoke = LlrpSamples.Reads)]
    [BenchmarkCategory(AllocationGate.Category, UsualStream)]
    public int Usual() => Parse(_usual);

    [Benchmark(OperationsPerInvoke = LlrpSamples.Reads)]
    [BenchmarkCategory(UsualStream)]
    public long UsualOrdinary() => Ordinary(_usual);

    [Benchmark(OperationsPerInvoke = LlrpSamples.Reads)]
    [BenchmarkCategory(AllocationGate.Category, FiftyStream)]
    public int Fifty() => Parse(_fifty);

    [Benchmark(OperationsPerInvoke = LlrpSamples.Reads)]
    [BenchmarkCategory(FiftyStream)]
    public long FiftyOrdinary() => Ordinary(_fifty);

    [Benchmark(OperationsPerInvoke = LlrpSamples.Reads)]
    [BenchmarkCategory(AllocationGate.Category, MakersStream)]
    public int Makers() => Parse(_makers);

    [Benchmark(OperationsPerInvoke = LlrpSamples.Reads)]
    [BenchmarkCategory(MakersStream)]
    public long MakersOrdinary() => Ordinary(_makers);

    [Benchmark(OperationsPerInvoke = LlrpSamples.Reads)]
    [BenchmarkCategory(AllocationGate.Category, LongStream)]
    public int LongEpc() => Parse(_long);

    [Benchmark(OperationsPerInvoke = LlrpSamples.Reads)]
    [BenchmarkCategory(LongStream)]
    public long LongEpcOrdinary() => Ordinary(_long);

    static long Ordinary(byte[] stream)
    {
        long sum = 0;
        foreach (OrdinaryRead read in OrdinaryLlrp.Reads(stream))
            sum += read.Time.Ticks + read.Chip.Length + read.Antenna + read.Rssi;
        return sum;
    }

    int Parse(ReadOnlySpan<byte> source)
    {
        LlrpParser parser = default;
        int reads = 0;
        ParseResult result;
        do
        {
            result = parser.Parse(source, false, _reads, _controls);
            reads += result.Reads;
            source = source[result.Consumed..];
        }
        while (result.Status == ParseStatus.DestinationFull);
        return reads == LlrpSamples.Reads
            ? reads
            : throw new InvalidDataException($"{reads} of {LlrpSamples.Reads} reads: {result.Status}.");
    }
}
