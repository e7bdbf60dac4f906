using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Benchmarks;

/// <summary>A passing to the API's JSON, per passing.</summary>
[MemoryDiagnoser]
public class JsonBenchmarks
{
    const int Count = 500;

    readonly Passing[] _passings = Samples.Passings(Count);
    readonly byte[][] _bibs = [.. Enumerable.Range(0, Count).Select(i => Encoding.ASCII.GetBytes(Samples.Bib(i)))];
    readonly byte[] _items = new byte[Count * 1024];
    readonly PassingsJsonWriter _writer = new();
    readonly ArrayBufferWriter<byte> _buffer = new(Count * 1024);
    [Benchmark(OperationsPerInvoke = Count)]
    [BenchmarkCategory(AllocationGate.Category)]
    public int PassingsJson()
    {
        int length = 0;
        for (int i = 0; i < _passings.Length; i++)
            length += _writer.Write(_items.AsSpan(length), _passings[i], _bibs[i]);
        return length;
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public int Utf8Writer()
    {
        Span<byte> text = stackalloc byte[ChipCode.MaxTextLength];
        _buffer.ResetWrittenCount();
        using Utf8JsonWriter utf8 = new(_buffer);
        utf8.WriteStartArray();
        for (int i = 0; i < _passings.Length; i++)
        {
            ref readonly Passing passing = ref _passings[i];
            utf8.WriteStartObject();
            utf8.WriteString("bib"u8, _bibs[i]);
            utf8.WriteNumber("num_passing"u8, passing.Number);
            EpochTime.ToUtc(passing.Time).TryFormat(
                text, out int length, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            utf8.WriteString("timestamp"u8, text[..length]);
            utf8.WriteString("chip"u8, text[..passing.Chip.Format(text)]);
            utf8.WriteEndObject();
        }

        utf8.WriteEndArray();
        utf8.Flush();
        return _buffer.WrittenCount;
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public int ObjectsAndJsonSerializer()
    {
        List<PassingItem> items = [];
        for (int i = 0; i < _passings.Length; i++)
        {
            ref readonly Passing passing = ref _passings[i];
            items.Add(new PassingItem(
                Encoding.UTF8.GetString(_bibs[i]),
                passing.Number,
                Ordinary.Timestamp(EpochTime.ToUtc(passing.Time)),
                passing.Chip.ToString()));
        }

        return JsonSerializer.SerializeToUtf8Bytes(items, OrdinaryJson.Default.ListPassingItem).Length;
    }
}
