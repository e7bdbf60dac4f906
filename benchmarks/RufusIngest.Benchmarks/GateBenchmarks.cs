using BenchmarkDotNet.Attributes;
using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Benchmarks;

/// <summary>
/// Reads to passings, per read, chips in random order. A chip is seen 44 times, 0.3 s apart, rests 6 s and comes back:
/// 1 read in 44 opens a passing, all others are absorbed, and time goes on with the reads.
/// </summary>
[MemoryDiagnoser]
public class GateBenchmarks
{
    const int Reads = 44 * 1024;
    const int Block = 64;
    const int SeenInBlock = 44;
    const long LapTicks = 3 * TimeSpan.TicksPerSecond / 10;
    static readonly DateTime Epoch = DateTime.UnixEpoch;

    PassingGate _gate = null!;
    ChipCode[] _codes = [];
    string[] _texts = [];
    ulong[] _keys = [];
    Dictionary<string, DateTime> _byText = [];
    Dictionary<ulong, long> _byKey = [];
    readonly ChipRead[] _reads = new ChipRead[SeenInBlock];
    readonly int[] _guesses = new int[SeenInBlock];
    int _at;
    int _lap;
    int _passings;

    [Params(1_000, 50_000, 1_000_000)]
    public int Chips { get; set; }

    [GlobalSetup(Target = nameof(Gate))]
    public void SetupGate()
    {
        // Remembering earlier passings takes 40 bytes each by design; here it is off, so that any other byte shows.
        _gate = new PassingGate(
            new GateLimits { MaxEarlierPassings = 0 }, (ref Passing _) => _passings++, (in GateEvent _) => { });
        _gate.SetLocations([new GateOptions()]);
        _codes = [.. Shuffled(5).Select(i => ChipCode.FromText(Samples.Chip(i)))];
        foreach (ref ChipRead read in _reads.AsSpan())
            read.Reset();
        _lap = 1;
        foreach (int i in Shuffled(6))
        {
            _reads[0].Chip = ChipCode.FromText(Samples.Chip(i));
            _gate.Add(0, Now, _reads[0], 0);
        }

        for (int i = 0; i < 70 * (Chips / Block); i += Reads / SeenInBlock)
            Gate();
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    [BenchmarkCategory(AllocationGate.Category)]
    public int Gate()
    {
        for (int i = 0; i < Reads / SeenInBlock; i++)
        {
            ReadOnlySpan<ChipCode> block = _codes.AsSpan(_at, Block);
            for (int k = 0; k < SeenInBlock; k++)
                _reads[k].Chip = block[(_lap + k) & (Block - 1)];
            _gate.LookAhead(0, _reads, _guesses);
            for (int k = 0; k < SeenInBlock; k++)
            {
                long time = Now + k;
                _gate.Add(0, time, _reads[k], 0, guess: _guesses[k]);
                _gate.Advance(0, time);
            }

            NextBlock();
        }

        return _passings;
    }

    [GlobalSetup(Target = nameof(StringDictionary))]
    public void SetupStringDictionary()
    {
        _byText = Shuffled(6).ToDictionary(Samples.Chip, _ => Epoch);
        _texts = [.. Shuffled(5).Select(Samples.Chip)];
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public int StringDictionary()
    {
        int passings = 0;
        for (int i = 0; i < Reads / SeenInBlock; i++)
        {
            ReadOnlySpan<string> block = _texts.AsSpan(_at, Block);
            for (int k = 0; k < SeenInBlock; k++)
            {
                string chip = block[(_lap + k) & (Block - 1)];
                DateTime now = Epoch.AddTicks(Now + k);
                if (_byText.TryGetValue(chip, out DateTime last) && now - last < TimeSpan.FromSeconds(5))
                    continue;
                _byText[chip] = now;
                passings++;
            }

            NextBlock();
        }

        return passings;
    }

    [GlobalSetup(Target = nameof(MixedKeyDictionary))]
    public void SetupMixedKeyDictionary()
    {
        _byKey = Shuffled(6).ToDictionary(Mix, _ => 0L);
        _keys = [.. Shuffled(5).Select(Mix)];
    }

    [Benchmark(OperationsPerInvoke = Reads)]
    public int MixedKeyDictionary()
    {
        int passings = 0;
        for (int i = 0; i < Reads / SeenInBlock; i++)
        {
            ReadOnlySpan<ulong> block = _keys.AsSpan(_at, Block);
            for (int k = 0; k < SeenInBlock; k++)
            {
                ulong chip = block[(_lap + k) & (Block - 1)];
                long now = Now + k;
                if (_byKey.TryGetValue(chip, out long last) && now - last < 5 * TimeSpan.TicksPerSecond)
                    continue;
                _byKey[chip] = now;
                passings++;
            }

            NextBlock();
        }

        return passings;
    }

    long Now => (_lap * LapTicks) + (LapTicks * _at / Chips);

    void NextBlock()
    {
        _at += Block;
        if (_at + Block <= Chips)
            return;
        _at = 0;
        _lap++;
    }

    int[] Shuffled(int seed)
    {
        int[] order = [.. Enumerable.Range(0, Chips)];
        new Random(seed).Shuffle(order);
        return order;
    }

    static ulong Mix(int chip)
    {
        ulong z = (ulong)chip * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        return z ^ (z >> 27);
    }
}
