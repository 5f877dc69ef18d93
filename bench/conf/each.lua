-- No two requests are alike.
local count = 0
function request()
  count = count + 1
  return wrk.format("GET", "/each/" .. count)
end
