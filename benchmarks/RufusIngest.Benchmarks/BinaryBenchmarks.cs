using System.Globalization;
using BenchmarkDotNet.Attributes;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Benchmarks;

/// <summary>Binary frames to reads, with their checks, per read, beside the ordinary way.</summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkDotNet.Configs.BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class BinaryBenchmarks
{
    const int Reads = 1_200;

    static readonly ushort[] Table = CreateTable();

    readonly byte[] _p3 = BinarySamples.P3(Reads);
    readonly byte[] _r2000 = BinarySamples.R2000(Reads);
    readonly ChipRead[] _reads = new ChipRead[ReaderDecoder.BlockSize];
    readonly ControlRecord[] _controls = new ControlRecord[ReaderDecoder.BlockSize];

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory(AllocationGate.Category, "escaped, CRC (P3)")]
    public int P3() => Parse<P3Protocol>(_p3);

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory("escaped, CRC (P3)")]
    public long P3Ordinary()
    {
        long sum = 0;
        List<byte>? record = null;
        bool isEscaped = false;
        foreach (byte b in _p3)
        {
            if (b == 0x8E)
                record = [];
            if (b == 0x8D)
            {
                isEscaped = true;
                continue;
            }

            record?.Add((byte)(isEscaped ? b - 0x20 : b));
            isEscaped = false;
            if (b == 0x8F && record is not null)
                sum += TakeOrdinary(record);
        }

        return sum;
    }

    static long TakeOrdinary(List<byte> record)
    {
        int crc = record[4] | (record[5] << 8);
        record[4] = record[5] = 0;
        ushort register = 0xFFFF;
        foreach (byte b in record)
            register = (ushort)(Table[register >> 8] ^ (register << 8) ^ b);
        if (register != crc || (record[2] | (record[3] << 8)) != record.Count)
            return 0;
        Dictionary<int, long> fields = [];
        for (int at = 10; at + 2 < record.Count; at += 2 + record[at + 1])
        {
            long value = 0;
            for (int i = record[at + 1]; i > 0; i--)
                value = (value << 8) | record[at + 1 + i];
            fields[record[at]] = value;
        }

        DateTime time = DateTime.UnixEpoch.AddTicks(fields[4] * 10);
        return fields[3].ToString(CultureInfo.InvariantCulture).Length + time.Ticks + fields[1] + fields[5] + fields[6];
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory(AllocationGate.Category, "length, sum (R2000)")]
    public int R2000() => Parse<R2000Protocol>(_r2000);

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory("length, sum (R2000)")]
    public long R2000Ordinary()
    {
        long sum = 0;
        List<byte> pending = [];
        foreach (byte b in _r2000)
        {
            if (pending.Count == 0 && b != 0xA0)
                continue;
            pending.Add(b);
            if (pending.Count < 2 || pending.Count < pending[1] + 2)
                continue;
            byte[] frame = [.. pending];
            pending.Clear();
            int check = 0;
            foreach (byte part in frame)
                check += part;
            if ((check & 0xFF) == 0 && frame[3] == 0x89 && frame[1] != 10)
                sum += Convert.ToHexString(frame[7..^2]).Length + (frame[4] & 3) + frame[^2] - 129;
        }

        return sum;
    }

    int Parse<TProtocol>(ReadOnlySpan<byte> source)
        where TProtocol : struct, IBinaryProtocol
    {
        BinaryParser<TProtocol> parser = default;
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

    static ushort[] CreateTable()
    {
        ushort[] table = new ushort[256];
        for (int high = 0; high < table.Length; high++)
        {
            int register = high << 8;
            for (int bit = 0; bit < 8; bit++)
                register = (register & 0x8000) != 0 ? (register << 1) ^ 0x1021 : register << 1;
            table[high] = (ushort)register;
        }

        return table;
    }
}
