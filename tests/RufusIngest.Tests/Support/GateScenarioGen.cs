using CsCheck;
using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Support;

/// <summary>
/// Random operations on a gate: few chips, so that they meet; times and settings on one random grid, so that limits are hit
/// exactly; reads in every order that readers give them.
/// </summary>
/// <param name="lead">
/// Farthest that a read may lie ahead of its location's time, in ms. The gate orders bursts that fall due within 53 s.
/// </param>
/// <param name="isWild">Times leap by anything from milliseconds to years.</param>
sealed class GateScenarioGen(int lead = 20_000, bool isWild = false) : Gen<GateScenario>
{
    public override GateScenario Generate(PCG pcg, Size? min, out Size size)
    {
        GateScenario scenario = new Draft(pcg, lead, isWild).Make();
        size = new Size((ulong)scenario.Operations.Count);
        return scenario;
    }

    sealed class Draft(PCG pcg, int lead, bool isWild)
    {
        readonly List<GateOperation> _operations = [];
        readonly double[] _times = [double.NaN, double.NaN];
        readonly double[] _newest = [0, 0];
        double _grain;
        int _chips;
        int _locations;
        bool _hasRssi;
        bool _hasSeen;

        int Next(int bound) => (int)pcg.Next((uint)bound);

        bool Chance(int percent) => Next(100) < percent;

        double OnGrid(double ms) => Math.Round(ms / _grain) * _grain;

        public GateScenario Make()
        {
            _grain = new[] { 0.1, 1, 10, 50, 250, 1000 }[Next(6)];
            _chips = 1 + Next(4);
            _locations = 1 + Next(2);
            _hasRssi = Chance(60);
            _hasSeen = Chance(25);
            GateOptions[] options = AllOptions();
            if (Chance(40))
                _operations.Add(Table());
            List<GateOperation.Read> reads = Stream(1 + Next(Chance(50) ? 12 : 50));
            Arrange(reads);
            int settings = Chance(30) ? 5 : 0;
            int advance = new[] { 100, 100, 60, 10 }[Next(4)];
            int holdBack = Chance(50) ? 0 : Next(3_000);
            foreach (GateOperation.Read read in reads)
            {
                Add(read);
                if (Chance(advance))
                    Advance(read.Lane >> 1, _newest[read.Lane >> 1] - OnGrid(Chance(30) ? Next(1 + holdBack) : holdBack));
                if (Chance(2))
                    _operations.Add(new GateOperation.Flush(Next(_locations)));
                if (Chance(settings))
                    _operations.Add(Chance(50) ? Table() : new GateOperation.SetLocations(AllOptions()));
            }

            return new GateScenario(options, _operations);
        }

        void Add(GateOperation.Read read)
        {
            int location = read.Lane >> 1;
            double at = read.At;
            if (double.IsNaN(_times[location]))
            {
                if (Chance(70))
                    Advance(location, at - OnGrid(Next(lead)));
                else
                    _times[location] = at - lead;
            }
            else if (Chance(3) && Has(location))
            {
                read = read with { Ahead = true, At = _times[location] + OnGrid(Next(lead)) };
            }

            if (read.At > _times[location] + lead)
                Advance(location, at - OnGrid(lead));
            else if (read.At < _times[location] && !Has(location))
                Advance(location, _times[location]);
            if (!read.Ahead)
                _newest[location] = Math.Max(_newest[location], at);
            _operations.Add(read);
        }

        /// <summary>A location's time is known.</summary>
        bool Has(int location) =>
            _operations.Exists(operation => operation is GateOperation.Advance advance && advance.Location == location);

        void Advance(int location, double ms)
        {
            _operations.Add(new GateOperation.Advance(location, ms));
            _times[location] = double.IsNaN(_times[location]) ? ms : Math.Max(_times[location], ms);
        }

        /// <summary>Reads in order of their times, but for a step of the clock.</summary>
        List<GateOperation.Read> Stream(int count)
        {
            List<GateOperation.Read> reads = [];
            double time = OnGrid(100_000);
            int step = Chance(15) ? Next(count) : -1;
            int backup = Chance(40) ? 35 : 0;
            int far = Chance(50) ? 5 : 25;
            for (int i = 0; i < count; i++)
            {
                int pace = Next(100);
                time += OnGrid(pace < 10 ? 0 : pace < 60 ? Next(120) : pace < 100 - far ? Next(2_500) : Next(12_000));
                if (i == step)
                    time += OnGrid(Next(40_000) - 20_000);
                if (isWild && Chance(20))
                    time += OnGrid((Next(2_000) - 1_000) * Math.Pow(10, Next(9)));
                reads.Add(new GateOperation.Read(
                    (Next(_locations) << 1) + (Chance(backup) ? 1 : 0),
                    time,
                    Next(_chips),
                    Next(3),
                    false,
                    _hasRssi && Chance(90) ? (short)(-7000 + (Next(8) * 500)) : ChipRead.NoRssi,
                    Chance(80) ? 1 : 1 + Next(5),
                    (ushort)(Chance(95) ? Next(4) : Next(40)),
                    (Chance(10) ? ReadFlags.HasPosition : 0)
                    | (!_hasSeen ? 0 : Chance(25) ? ReadFlags.FirstSeen : Chance(25) ? ReadFlags.LastSeen : 0)));
            }

            return reads;
        }

        void Arrange(List<GateOperation.Read> reads)
        {
            int way = Next(8);
            if (way is 1 or 2)
            {
                int most = new[] { 50, 500, 2_000, 10_000 }[Next(4)];
                List<(double Key, GateOperation.Read Read)> keyed = [.. reads.Select(read => (read.At + Next(most), read))];
                reads.Clear();
                reads.AddRange(keyed.OrderBy(pair => pair.Key).Select(pair => pair.Read));
            }
            else if (way is 3 or 4)
            {
                List<GateOperation.Read> part = Part(reads, out int at);
                reads.RemoveRange(at, part.Count);
                reads.InsertRange(at + Next(reads.Count - at + 1), part);
            }
            else if (way == 5)
            {
                Shuffle(reads);
            }

            if (Chance(30))
            {
                List<GateOperation.Read> part = Part(reads, out int at);
                if (Chance(40))
                    Shuffle(part);
                reads.InsertRange(at + part.Count + Next(reads.Count - at - part.Count + 1), part);
            }

            for (int i = reads.Count - 1; i >= 0 && reads.Count < 100; i--)
            {
                if (Chance(5))
                    reads.Insert(i + 1, reads[i]);
            }
        }

        List<GateOperation.Read> Part(List<GateOperation.Read> reads, out int at)
        {
            at = Next(reads.Count);
            return reads.GetRange(at, 1 + Next(reads.Count - at));
        }

        void Shuffle(List<GateOperation.Read> reads)
        {
            for (int i = reads.Count - 1; i > 0; i--)
            {
                int other = Next(i + 1);
                (reads[i], reads[other]) = (reads[other], reads[i]);
            }
        }

        GateOptions[] AllOptions() => [.. Enumerable.Range(0, _locations).Select(_ => Options())];

        GateOptions Options()
        {
            PassingPolicy policy =
                new[] { PassingPolicy.First, PassingPolicy.Peak, PassingPolicy.Fitted, PassingPolicy.Last }[Next(4)];
            bool isOwn = Chance(50) || policy == PassingPolicy.Last;
            return new GateOptions
            {
                Policy = policy,
                BurstGap = GateTwins.Ms(Math.Max(20, OnGrid(Next(Chance(50) ? 500 : 2_000)))),
                DeadTime = GateTwins.Ms(Chance(20) ? 0 : OnGrid(Next(Chance(50) ? 2_000 : 8_000))),
                ReorderDelay = GateTwins.Ms(Chance(25) ? 0 : OnGrid(Next(Chance(50) ? 500 : 2_000))),
                MaxBurst = isOwn ? GateTwins.Ms(OnGrid(Next(Chance(50) ? 800 : 8_000))) : null,
                MinLap = GateTwins.Ms(Chance(60) ? 0 : OnGrid(Next(15_000))),
                BackupWindow = GateTwins.Ms(Chance(20) ? 0 : OnGrid(Next(8_000))),
                IgnoreGhosts = Chance(25),
                ReportCompleted = Chance(25),
            };
        }

        GateOperation.SetChips Table()
        {
            string[] bibs = new string[1 + Next(3)];
            Array.Fill(bibs, "");
            List<int> chips = [.. Enumerable.Range(0, _chips)];
            while (chips.Count > 0)
            {
                int at = Next(chips.Count);
                if (Chance(85))
                    bibs[Next(bibs.Length)] += chips[at];
                chips.RemoveAt(at);
            }

            return new GateOperation.SetChips(bibs);
        }
    }
}
