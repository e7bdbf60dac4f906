using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using RufusIngest.Readers;
using RufusIngest.Reads;
using Xunit.Sdk;

namespace RufusIngest.Tests.Readers;

/// <summary>The kit must find what is wrong: each parser here breaks one rule, and the check of that rule has to
/// fail.</summary>
public sealed class ConformanceKitTests
{
    /// <summary>Lines of a letter and a digit, the chip; what is broken is a parameter.</summary>
    struct Broken(Fault fault) : IReadParser
    {
        bool _begun;

        public ParseResult Parse(
            ReadOnlySpan<byte> source, bool endOfStream, Span<ChipRead> reads, Span<ControlRecord> controls)
        {
            int at = 0, count = 0;
            while (at < source.Length)
            {
                int length = source[at..].IndexOf((byte)'\n');
                bool cut = length < 0;
                if (cut && !endOfStream && fault != Fault.TakesUnendedLines)
                    return ParseResult.NeedMore(at, count, 0);
                if (count == reads.Length && fault != Fault.LosesWhatDoesNotFit)
                    return ParseResult.DestinationFull(fault == Fault.ConsumesNothing ? 0 : at, count, 0);
                ReadOnlySpan<byte> line = source.Slice(at, cut ? source.Length - at : length);
                int start = at;
                at += line.Length + (cut ? 0 : 1);
                if (fault == Fault.Throws && line.Contains((byte)'}'))
                    throw new InvalidOperationException("a parser never throws");
                if (fault == Fault.SwallowsTheNext && line.Length != 2)
                    at = Math.Min(source.Length, at + 3);
                if (line.Length != 2 && fault != Fault.TakesEveryLine)
                {
                    return ParseResult.Malformed(
                        at, count, 0, cut ? RejectReason.Truncated : RejectReason.BadSyntax, start, Math.Max(1, line.Length));
                }

                if (count == reads.Length || (fault == Fault.RemembersTheStream && _begun))
                    continue;
                if (fault != Fault.CountsCalls || count == 0)
                {
                    if (fault != Fault.KeepsOldSlots)
                        reads[count].Reset();
                    Fill(ref reads[count], line, fault == Fault.LooksBehind ? source[Math.Min(at, source.Length - 1)..] : []);
                }

                if (fault == Fault.LooksOutside && at == source.Length)
                    reads[count].Hits = Unsafe.Add(ref MemoryMarshal.GetReference(source), -1);
                count++;
                _begun = true;
            }

            return ParseResult.Done(at, count, 0);
        }

        static void Fill(ref ChipRead read, ReadOnlySpan<byte> line, ReadOnlySpan<byte> behind)
        {
            read.Hits = behind.Length + 1;
            read.Chip = ChipCode.FromText(line.IsEmpty ? "none" : Encoding.Latin1.GetString(line));
        }
    }

    public enum Fault
    {
        None,
        TakesUnendedLines,
        TakesEveryLine,
        LosesWhatDoesNotFit,
        SwallowsTheNext,
        RemembersTheStream,
        LooksBehind,
        CountsCalls,
        LooksOutside,
        ConsumesNothing,
        KeepsOldSlots,
        Throws,
    }

    [Theory]
    [InlineData(Fault.None)]
    [InlineData(Fault.TakesUnendedLines, "cut off at every length", "in every two pieces and in single bytes")]
    [InlineData(Fault.TakesEveryLine, "after and before noise")]
    [InlineData(Fault.LosesWhatDoesNotFit, "with room for one read")]
    [InlineData(Fault.SwallowsTheNext, "with each byte changed")]
    [InlineData(Fault.RemembersTheStream, "repeated")]
    [InlineData(Fault.LooksBehind, "in every two pieces and in single bytes")]
    [InlineData(Fault.CountsCalls, "in every two pieces and in single bytes")]
    [InlineData(Fault.LooksOutside, "between guard bytes")]
    [InlineData(Fault.ConsumesNothing, "with room for one read")]
    [InlineData(Fault.KeepsOldSlots, "in every two pieces and in single bytes")]
    [InlineData(Fault.Throws, "with each byte changed")]
    public void A_broken_rule_is_found(Fault fault, params string[] failing)
    {
        ParserConformance<Broken> conformance = new(new Broken(fault))
        {
            Guard = "g1\n"u8.ToArray(),
            Noise = "~~ noise ~~\n"u8.ToArray(),
            EndLength = 1,
            Preamble = [],
            ShowsCuts = true,
            Length = default,
        };
        string[] failed = [.. conformance.ChecksOf("a7\n"u8.ToArray()).Where(Fails).Select(check => check.ToString().Split(':')[0])];
        if (fault == Fault.None)
            Assert.Empty(failed);
        else
            Assert.Subset(failed.ToHashSet(), failing.ToHashSet());
    }

    [Fact]
    public void A_frame_that_gives_nothing_fails()
    {
        ParserConformance<Broken> conformance = new(new Broken(Fault.RemembersTheStream))
        {
            Guard = "g1\n"u8.ToArray(),
            Noise = "~\n"u8.ToArray(),
            EndLength = 1,
            Preamble = "p0\n"u8.ToArray(),
            ShowsCuts = true,
            Length = default,
        };
        Assert.True(Fails(conformance.ChecksOf("a7\n"u8.ToArray()).First()));
    }

    [Fact]
    public void Allocation_is_found() =>
        Assert.ThrowsAny<XunitException>(() => ParserChecks.AllocatesNothing("a7\n"u8, new Broken(Fault.None)));

    static bool Fails(FrameCheck check)
    {
        try
        {
            check.Run();
            return false;
        }
        catch (Exception fault) when (fault is XunitException or InvalidOperationException or ArgumentOutOfRangeException)
        {
            return true;
        }
    }
}
