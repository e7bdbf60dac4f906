using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RufusIngest.Passings;

/// <summary>One read as the fit sees it: its instant in ticks (100 ns) and its signal strength in 1/100 dBm.</summary>
/// <remarks>Packed: 10 bytes instead of 16, and an open burst holds 32 of them.</remarks>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
readonly record struct SignalSample(long Time, short RssiCentiDbm)
{
    /// <summary>Whether it is kept rather than the other: the stronger, of equally strong ones the earlier.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool GoesBefore(in SignalSample other) =>
        RssiCentiDbm != other.RssiCentiDbm ? RssiCentiDbm > other.RssiCentiDbm : Time < other.Time;
}

/// <summary>
/// The strongest 32 reads of a burst, each instant and strength once, the strongest first. What it holds depends
/// neither on the order in which reads come nor on repeats. A plain value of 324 bytes; default is empty. It allocates nothing.
/// </summary>
struct StrongestReads
{
    /// <summary>Reads kept; of more, the weakest goes, of equally weak ones the latest.</summary>
    public const int Capacity = 32;

    Buffer _samples;
    int _count;

    /// <summary>The reads kept, the strongest first, of equally strong ones the earliest.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<SignalSample> Samples => ((ReadOnlySpan<SignalSample>)_samples)[.._count];

    /// <summary>Counts a read in. Reads without signal strength are not for here.</summary>
    /// <param name="time">Its instant in ticks.</param>
    /// <param name="rssiCentiDbm">Its strength in 1/100 dBm.</param>
    public void Add(long time, short rssiCentiDbm)
    {
        SignalSample sample = new(time, rssiCentiDbm);
        Span<SignalSample> samples = _samples;
        int at = _count;
        while (at > 0 && sample.GoesBefore(samples[at - 1]))
            at--;
        if (at == Capacity || (at > 0 && samples[at - 1] == sample))
            return;
        if (_count < Capacity)
            _count++;
        samples[at..(_count - 1)].CopyTo(samples[(at + 1)..]);
        samples[at] = sample;
    }

    /// <summary>Counts in what another burst kept: the same as if its reads had come here.</summary>
    public void AddAll(in StrongestReads other)
    {
        foreach (ref readonly SignalSample sample in other.Samples)
            Add(sample.Time, sample.RssiCentiDbm);
    }

    public void Clear() => _count = 0;

    [InlineArray(Capacity)]
    struct Buffer
    {
        SignalSample _first;
    }
}
